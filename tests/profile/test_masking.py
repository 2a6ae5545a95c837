"""Names of persons, as a bank sees them."""

import pytest

from creditbridge.profile.masking import mask_name


@pytest.mark.parametrize(
    ("name", "masked"), [("张示例", "张**"), ("欧阳例", "欧**"), ("李", "*"), ("Li Si", "L****")]
)
def test_only_the_first_character_is_left(name: str, masked: str) -> None:
    """A name of one character is hidden whole."""
    assert mask_name(name) == masked
