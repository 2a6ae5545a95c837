"""One pure file per standard, named by its word: no disk, no network, no clock."""
