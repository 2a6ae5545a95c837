"""The national platform of the sandbox: the SM suite, submit and poll, pages, a rate limit.

Written from `contracts/platforms/national`, as whoever runs a real one would.
"""
