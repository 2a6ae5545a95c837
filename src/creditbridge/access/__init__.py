"""The authorization server: which machine is asking, and what its token lets it ask.

Adding a grant is a file in `grants/` and a line in its registry; so is a client authentication
method in `client_auth/`, and a check of every request of a client in `checks/`.
"""
