"""A small province, and everything else the gateway needs around it to be tried for real."""
