"""The policy of a look is in its pack, and is believed by its signature alone."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import pytest
from msgspec.structs import replace

from creditbridge.consents.policy import encode_policy, first_policy, policy_message
from creditbridge.evidence.assembling import assemble_pack
from creditbridge.evidence.model import PackMaterial, Result
from creditbridge.evidence.pins import Pins
from creditbridge.evidence.verifying import verify_pack
from creditbridge.foundation.keys import FileKey
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import EventKind, PolicyChanged, Record

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

Keys: TypeAlias = Mapping[str, FileKey]
Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]


@pytest.fixture
def bound(keys: Keys, story: list[Record]) -> list[Record]:
    """The story under the house's first policy: `evt_0` is the policy, the intent is `evt_4`."""
    policy = first_policy(now=NOON)
    raw = encode_policy(policy)
    announced = Record(
        kind=EventKind.POLICY_CHANGED,
        rule="house-policy",
        rule_version="1",
        terms=PolicyChanged(
            version=1,
            use_from=policy.use_from,
            policy=raw.decode(),
            signature=to_base64url(keys["consent"].sign(policy_message(raw))),
        ),
        key_ids={"consent": keys["consent"].key.key_id},
    )
    used = replace(story[3], terms=replace(story[3].terms, policy="1"), rule_version="2")
    delivered = replace(story[4], terms=replace(story[4].terms, intended="evt_4"))
    return [announced, *story[:3], used, delivered, *story[5:]]


def test_a_look_is_verified_under_its_policy(
    write: Write, bound: list[Record], pins: Pins, profile: bytes
) -> None:
    """The rule runs again within the ceilings that the gateway signed."""
    verdict = verify_pack(assemble_pack(write(bound)), pins, profile)

    assert verdict.result is Result.VALID


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"signature": "A" * 86}, "signature"),
        ({"signature": "!"}, "form"),
        ({"policy": "{}"}, "signature"),
    ],
)
def test_a_policy_that_is_not_the_gateways_proves_nothing(
    write: Write,
    bound: list[Record],
    pins: Pins,
    profile: bytes,
    fault: dict[str, str],
    told: str,
) -> None:
    """Another signature, none that is spelt well, or other bytes under it."""
    forged = replace(bound[0], terms=replace(bound[0].terms, **fault))

    verdict = verify_pack(assemble_pack(write([forged, *bound[1:]])), pins, profile)

    assert verdict.result is Result.INVALID
    assert verdict.steps[-1].name == "coverage"
    assert told in verdict.steps[-1].detail


def test_a_policys_key_must_be_pinned(
    write: Write, bound: list[Record], pins: Pins, profile: bytes
) -> None:
    """Who names no key, or a stranger's, is not believed."""
    forged = replace(bound[0], key_ids={})

    verdict = verify_pack(assemble_pack(write([forged, *bound[1:]])), pins, profile)

    assert (verdict.result, verdict.steps[-1].name) == (Result.INVALID, "coverage")
