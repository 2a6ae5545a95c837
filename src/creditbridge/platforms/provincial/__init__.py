"""The provincial dialect: one signed call, one signed answer (`contracts/platforms/provincial`).

query     how to ask, and what of an answer is believed
answer    RawAnswer -> verify_answer -> Answer
token     the access token of the gateway at the platform
mapping   theirs -> our sections
schema    their words, as they spell them
"""
