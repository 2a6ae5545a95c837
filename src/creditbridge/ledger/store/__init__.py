"""The ledger's tables: intake and openings, the tree, intents and leases."""
