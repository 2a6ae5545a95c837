"""Who may read what about whom, for which purpose, how often, until when."""
