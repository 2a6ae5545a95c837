"""One file is one actor's story, walked top to bottom."""
