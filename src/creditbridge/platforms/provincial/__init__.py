"""The provincial dialect: one signed call, one signed answer (`contracts/platforms/provincial`).

query     how to ask, and what of an answer is believed
answer    RawAnswer -> verify_answer -> Answer
token     the access token of the gateway at the platform
mapping   theirs -> our sections; `readers` says how one record of each section is read:
          records (REG, PEN, LST, EVA, PSN), departments (LIC, ABN, SOC), courts (JUD), taxes (TAX),
          over head (what every record carries) and reading (codes, money)
schema    their words, as they spell them
"""
