"""What every room stands on: clock, ids, money, errors, keys, logging, database, http."""
