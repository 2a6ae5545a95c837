"""The doors' words: one file per actor; HTTP status is known only here."""
