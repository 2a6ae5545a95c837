"""The national dialect: the SM suite, submit and poll (`contracts/platforms/national`).

query     how to ask: submit, poll, fetch the pages
answer    what of an answer is believed
message   one signed request, one signed answer, their envelopes
mapping   theirs -> our sections
schema    their words, as they spell them
"""
