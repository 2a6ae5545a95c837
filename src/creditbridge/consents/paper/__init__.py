"""Consents on paper, from the lodging of a scan to the operators who confirm it."""
