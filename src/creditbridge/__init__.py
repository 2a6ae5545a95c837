"""The gateway between a public credit platform and banks."""
