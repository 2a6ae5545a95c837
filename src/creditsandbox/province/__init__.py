"""A synthetic province, the platform that the seed asks for in small: one seed, one province."""
