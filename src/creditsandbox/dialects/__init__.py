"""Platforms over the province, each speaking its own protocol."""
