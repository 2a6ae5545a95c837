"""The bank's side of the benchmark: signed requests over keep-alive mTLS, in its own process."""
