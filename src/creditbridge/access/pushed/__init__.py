"""Pushed authorization requests (RFC 9126): from the push until a person has decided."""
