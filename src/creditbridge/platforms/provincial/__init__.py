"""The provincial dialect: one signed call for all sections."""
