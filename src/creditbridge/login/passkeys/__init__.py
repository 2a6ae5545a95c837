"""Passkeys: which key a person signs with, and what a page asks it to sign."""
