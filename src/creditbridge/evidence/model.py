"""An evidence pack, what it is made of, and the verdict on it.

In the hands of banks for ten years: add files and members with a default, never rename.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

import msgspec

from creditbridge.foundation.errors import Malformed, Unavailable, Untrusted
from creditbridge.ledger.model import Opened, SignatureSuite


class PackKind(StrEnum):
    """How the report ended that the pack is about."""

    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    REFUSED = "REFUSED"


class Strength(StrEnum):
    """What a step rests on, from the outside to the operator's own word."""

    BANK_SIGNED = "bank-signed"
    PLATFORM_SIGNED = "platform-signed"
    APPROVER_SIGNED = "approver-signed"
    SESSION_ATTESTED = "session-attested"
    SCAN_CONFIRMED = "scan-confirmed"
    WITNESSED = "witnessed"
    LOG_SIGNED = "log-signed"
    LOG_PROVEN = "log-proven"
    GATEWAY_SIGNED = "gateway-signed"
    REPLAYED = "replayed"
    DIGEST = "digest"
    GATEWAY_ATTESTED = "gateway-attested"


class StepState(StrEnum):
    """How a step ended."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


class Result(StrEnum):
    """The verdict's word."""

    VALID = "VALID"
    VALID_WITH_ERASED_DATA = "VALID_WITH_ERASED_DATA"
    INVALID = "INVALID"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One numbered step of a verification, as it is shown."""

    number: int
    name: str
    state: StepState
    strength: Strength
    detail: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a pack: `steps` end with the first that failed."""

    result: Result
    steps: tuple[Step, ...]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`manifest.json`: canonical JSON that names every other file with its SHA-256 (base64url)."""

    v: Literal[1]
    kind: PackKind
    report_id: str
    subject: int  # Index of the entry in which the report ended.
    files: dict[str, str]


class ExchangeFile(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """`queries/<number>/exchange.json`: whose keys signed the bases beside it, by which suite."""

    platform: str
    query_id: str
    query_key_id: str
    answer_key_id: str | None = None
    suite: SignatureSuite = SignatureSuite.HTTP_MESSAGE


class PackMaterial(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack is assembled from; everything of it comes out of the ledger."""

    report_id: str
    entries: tuple[Opened, ...]  # `Ledger.story_of`, in the log's order.
    inclusions: Mapping[int, str]  # A proof file by index, all against one checkpoint.


class PackUnready(Unavailable):
    """The report has not ended, or an entry of it is not in the published log yet."""

    code = "pack-unready"
    message = "The report's entries are not in the published log yet; try again in a minute."


class PackBroken(Untrusted):
    """A pack whose parts are not what its manifest or its form promises."""

    code = "pack-broken"
    message = "The pack is damaged."


class PackUntrue(Untrusted):
    """A pack that is whole and says something that does not hold."""

    code = "pack-untrue"
    message = "The pack does not prove what it should."


class PinsMalformed(Malformed):
    """A pins file that cannot be used: the verifier has nothing to trust."""

    code = "pins-malformed"
    message = "The pins file cannot be used."
