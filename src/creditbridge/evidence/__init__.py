"""What is proven: packs assembled, packs verified. Pure."""
