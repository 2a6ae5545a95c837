"""Banks, their clients and keys, enterprises and who speaks for them, operators."""
