"""Tests of the two nets: by key, and by shape."""

from collections import OrderedDict
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from creditbridge.foundation.redaction import (
    REDACTED,
    TEXT_CHARACTERS_MAX,
    is_sensitive,
    redact,
    redact_text,
)

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
PEM = (
    Ed25519PrivateKey.generate()
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
    .strip()
)
USCC = "91350100M000100Y43"


class Colour(StrEnum):
    """A closed set."""

    RED = "RED"


class Inner(msgspec.Struct, frozen=True):
    """A struct with a field to hide and one to show."""

    legal_name: str
    purpose: str


@pytest.mark.parametrize(
    "key",
    [
        "token", "access_token", "accessToken", "Authorization", "client_secret", "password", "key",
        "private-key", "body", "request_body", "payload", "name", "legal_name", "uscc", "cookie",
        "enterprise_uscc", "session_id", "token_id", "jwk", "salt", "profile", "certificate",
    ],
)  # fmt: skip
def test_a_key_that_names_a_secret_or_a_person_is_sensitive(key: str) -> None:
    """Whatever stands under it, in whatever spelling, is not shown."""
    assert is_sensitive(key)
    assert redact(key, "plain") == REDACTED
    assert redact(key, 7) == REDACTED
    assert redact(key, ["plain"]) == REDACTED


@pytest.mark.parametrize(
    "key",
    ["bank", "event", "key_id", "profile_id", "body_bytes", "token_count", "", "monkey", "at"],
)
def test_a_key_that_names_or_measures_is_not_sensitive(key: str) -> None:
    """An id that opens nothing, and a measure, are what logs are for."""
    assert not is_sensitive(key)
    assert redact(key, "plain") == "plain"


@pytest.mark.parametrize(
    "secret",
    [
        USCC,
        USCC.lower(),
        "110101199003070010",
        "11010119900307123X",
        "110101900307123",
        "13800138000",
        "officer@bank.example",
        "cbt_4f9sZk-aaaa_bbbb",
        JWT,
        PEM,
        "Bearer abc.def",
        "DPoP zzzz",
        "basic dXNlcjpwYXNz",
        "MIIBszCCAVmgAwIBAgIUX0J9n2v9h0QbVbnH2Z5pU0h4L3kwCgYIKoZIzj0EAwIw",
        "榕城机械有限公司",
        "王小明",
    ],
)
def test_what_looks_like_a_secret_or_a_person_is_cut_out(secret: str) -> None:
    """Also in the middle of a sentence, under a harmless key, inside a list or a mapping's key."""
    sentence = f"before {secret} after"
    shown = f"before {REDACTED} after"

    assert redact_text(sentence) == shown
    assert redact("reason", {"inner": [sentence]}) == {"inner": [shown]}
    assert secret not in str(redact("reason", {sentence: 1}))


def test_a_token_in_the_shape_of_an_id_is_cut_out() -> None:
    """What opens something is never taken for one of our ids."""
    assert redact_text("cbt_01k9x3m5v7q8r2t4w6y8z0a1b3") == REDACTED


def test_the_user_and_password_of_an_address_are_cut_out() -> None:
    """The rest of the address stays, for whoever looks for the fault."""
    shown = redact_text("postgresql://house:s3cret@db.internal/creditbridge")

    assert shown == f"postgresql://{REDACTED}db.internal/creditbridge"


def test_a_key_whose_end_was_cut_off_takes_the_rest_with_it() -> None:
    """Half a private key is still a private key."""
    assert redact_text(f"before {PEM[:50]} after") == f"before {REDACTED}"


@pytest.mark.parametrize(
    "plain",
    [
        "rpt_01k9x3m5v7q8r2t4w6y8z0a1b3",
        "rpt_01100199003070010199003073",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "report.delivered",
        "2026-03-01T08:00:00+00:00",
        "2026-03-01T08:00:00.138001+00:00",
        "/v1/reports",
        "section 2.1.1",
    ],
)
def test_our_own_words_stay(plain: str) -> None:
    """Ids, trace ids, events, instants and paths are not mistaken for secrets."""
    assert redact("part", plain) == plain


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        (float("inf"), "inf"),
        (42, 42),
        (9_999_999_999, 9_999_999_999),
        (13_800_138_000, REDACTED),
        (-110101199003070010, f"-{REDACTED}"),
        (Colour.RED, "RED"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00:00+00:00"),
        (b"anything", "[bytes]"),
        (Decimal(1), "[Decimal]"),
        (object(), "[object]"),
        (OrderedDict(a=1), {"a": 1}),
        ((1, 2), [1, 2]),
        ({3}, [3]),
        (frozenset({4}), [4]),
        (Inner("x", "POST_LOAN"), {"legal_name": REDACTED, "purpose": "POST_LOAN"}),
    ],
)
def test_values_are_shown_by_their_kind(value: object, shown: object) -> None:
    """Plain values and containers are shown, all else is only named by its type."""
    assert redact("part", value) == shown


def test_a_sensitive_key_still_tells_whether_there_was_a_value() -> None:
    """None and a flag open nothing."""
    assert redact("token", None) is None
    assert redact("token", value=True) is True


def test_a_long_text_is_cut() -> None:
    """A log line has an end, whoever feeds it."""
    assert redact_text("a" * 5_000) == "a" * TEXT_CHARACTERS_MAX + "…"


def test_deep_and_wide_containers_are_cut() -> None:
    """Depth and width have limits."""
    deep: object = "x"
    for _ in range(6):
        deep = [deep]

    assert redact("part", deep) == [[[["[list]"]]]]
    assert redact("part", list(range(60))) == list(range(50))
    assert redact("part", {str(number): number for number in range(60)}) == {
        str(number): number for number in range(50)
    }
