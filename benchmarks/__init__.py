"""What one report costs: CPU per process of the main job, beside its naive composition."""
