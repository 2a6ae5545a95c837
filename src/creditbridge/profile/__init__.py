"""The one credit profile: schema, sections, merge, suppression, flags, seal."""
