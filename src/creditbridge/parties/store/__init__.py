"""The tables of the parties, statement by statement."""
