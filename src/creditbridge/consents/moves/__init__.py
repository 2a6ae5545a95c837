"""What moves a consent between its yes and its end: a pause, the bank, its term, its last use."""
