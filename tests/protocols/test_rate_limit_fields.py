"""The fields of a limit are structured lists, as the draft and PROTOCOLS E5 print them."""

from typing import Annotated

import msgspec
import pytest

from creditbridge.protocols.rate_limit_fields import (
    POLICY_NAME,
    Allowance,
    write_limits,
    write_policies,
)
from creditbridge.protocols.structured_fields import Item, parse_list, serialize_list

PolicyName = Annotated[str, msgspec.Meta(pattern=POLICY_NAME)]
BANK = Allowance(policy="bank", quota=600, window_seconds=60, remaining=599, reset_seconds=42)
DAY = Allowance(policy="day-2", quota=9, window_seconds=86_400, remaining=0, reset_seconds=1)


def test_E5_one_policy_is_written_as_the_checklist_prints_it() -> None:
    """The name, the quota and the window; what is left, and for how long."""
    assert write_policies([BANK]) == '"bank";q=600;w=60'
    assert write_limits([BANK]) == '"bank";r=599;t=42'


def test_E5_several_policies_are_one_list() -> None:
    """Canonical, so that a reader of RFC 9651 gets back what was meant."""
    policies, limits = write_policies([BANK, DAY]), write_limits([BANK, DAY])

    assert parse_list(policies) == (
        Item(value="bank", parameters={"q": 600, "w": 60}),
        Item(value="day-2", parameters={"q": 9, "w": 86_400}),
    )
    assert parse_list(limits) == (
        Item(value="bank", parameters={"r": 599, "t": 42}),
        Item(value="day-2", parameters={"r": 0, "t": 1}),
    )
    assert serialize_list(parse_list(policies)) == policies
    assert serialize_list(parse_list(limits)) == limits


@pytest.mark.parametrize("name", ["", "Bank", "a b", 'a"', "a\\", "1", "-a", "a" * 33, "ä", "a\n"])
def test_a_name_that_needed_escapes_is_no_policys(name: str) -> None:
    """The settings refuse it before it is ever written."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(name, PolicyName)
    assert msgspec.convert("day-2", PolicyName) == "day-2"
