"""The doors themselves: TLS, protocol class, drain, workers, embedded database."""
