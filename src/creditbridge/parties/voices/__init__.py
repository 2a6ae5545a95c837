"""Who may speak for an enterprise, and how far: its legal representative, and agents in limits."""
