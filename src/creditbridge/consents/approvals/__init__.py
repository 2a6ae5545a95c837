"""Approvals: how many people said yes to one and the same artefact, and how many must."""
