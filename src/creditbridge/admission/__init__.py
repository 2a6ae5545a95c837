"""What is spent once or rationed: idempotency keys and nonces."""
