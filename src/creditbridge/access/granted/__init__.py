"""Grants: what people let clients have, and the codes and refresh tokens under them."""
