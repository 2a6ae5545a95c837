"""Requests that reach a person without a browser from the bank (OpenID CIBA Core 1.0)."""
