"""What the stories leave in the ledger: the records of their steps, and nothing else."""
