"""The provincial platform: OAuth2 with private_key_jwt, mutual TLS, RFC 9421, one signed call.

What it promises on the wire is `contracts/platforms/provincial/`.
"""
