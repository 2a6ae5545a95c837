"""Upstream credit platforms, asked and believed only when verified."""
