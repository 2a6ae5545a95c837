"""A synthetic province: the platform that the seed asks for, in small, deterministic from a seed."""
