"""Upstream credit platforms: who is asked, how, and what is believed.

A new platform dialect is one folder here, one contract in `contracts/platforms/`, and its line in
`registry`. Everything else, deadlines, repetition, breaker, errors, is the transport's.
"""
