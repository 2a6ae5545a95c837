"""Names of persons, as a bank sees them (JR/T 0171-2020): the first character only."""

MASK = "*"


def mask_name(name: str) -> str:
    """Return a person's name with everything but its first character hidden."""
    # The length stays readable: two namesakes in one record would otherwise look alike.
    return name[:1] + MASK * (len(name) - 1) if len(name) > 1 else MASK


def is_masked(name: str) -> bool:
    """Tell whether a name is one that was hidden: it ends in a star."""
    return name.endswith(MASK)
