"""What an enterprise disputes of a record, and by when it must be answered."""
