"""From an enterprise's click to the silence of every node."""
