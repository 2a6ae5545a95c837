"""What the bodies of changes may say: one spelling, nothing twice, nothing that cannot be."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from creditbridge.foundation.errors import Malformed
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.parties.changes import KINDS
from creditbridge.parties.changes.client_keys import OVERLAP_SECONDS_MAX
from creditbridge.parties.model import BankOnboarding, ChangeKind
from creditbridge.parties.onboarding import BODY_BYTES_MAX
from creditbridge.protocols.canonical_json import JsonValue, canonicalize

BANK_ID = "bnk_01hzy6t9x7c3v5n8m2k4p6q8r0"
MATCHER: JsonValue = {"kind": "san_dns", "value": "new.bank.example"}
KEYS: dict[str, JsonValue] = {
    "client_id": "one-core",
    "add": [],
    "end": ["a"],
    "overlap_seconds": 0,
}


def new_jwk(key_id: str | None = None) -> dict[str, JsonValue]:
    """Return a fresh public JWK."""
    private = ec.generate_private_key(ec.SECP256R1())
    key = FileKey(key=name_key(private.public_key()), private=private).key
    return {**key.to_jwk(), "kid": key_id or key.key_id}


CEILINGS: dict[str, JsonValue] = {
    "validity_days_max": 30,
    "hard_stop_days_max": 30,
    "queries_max": 5,
    "per_day_max": 1,
    "retention_days_max": 90,
    "sections_max": ["REG"],
    "data_classes_max": ["PUBLIC"],
    "forms": ["E_SIGN"],
    "passkey": "NONE",
    "approvers_min": 1,
}


@pytest.mark.parametrize(
    ("purpose", "change"),
    [
        ("KEY_PERSON_REVIEW", {}),
        ("PRE_LOAN_REVIEW", {"sections_max": ["PSN"]}),
        ("PRE_LOAN_REVIEW", {"data_classes_max": ["PERSONAL"]}),
        ("PRE_LOAN_REVIEW", {"data_classes_max": ["GOV_ONLY"]}),
        ("PRE_LOAN_REVIEW", {"queries_max": 0}),
        ("WHIM", {}),
    ],
)
def test_no_policy_opens_natural_persons_data(purpose: str, change: dict[str, JsonValue]) -> None:
    """The tables of purposes never mix, whatever two operators would sign."""
    ceilings: JsonValue = {**CEILINGS, **change}
    words: JsonValue = {"v": 1, "version": 2, "lapse_days": 7, "purposes": {purpose: ceilings}}

    with pytest.raises(Malformed):
        KINDS[ChangeKind.CONSENT_POLICY].read(canonicalize(words))


def test_every_kind_of_change_is_in_the_registry() -> None:
    """A kind that nobody reads or applies could be signed and never hold."""
    assert set(KINDS) == set(ChangeKind)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (ChangeKind.BANK_RESUMPTION, {"bank_id": BANK_ID}),
        (ChangeKind.BANK_LICENCE, {"bank_id": BANK_ID, "licence": None}),
        (
            ChangeKind.BANK_LICENCE,
            {"bank_id": BANK_ID, "licence": {"purposes": ["POST_LOAN"], "sections": ["REG"]}},
        ),
        (ChangeKind.CLIENT_KEYS, KEYS),
        (ChangeKind.CLIENT_CERTIFICATE, {"client_id": "one-core", "matcher": MATCHER}),
        (
            ChangeKind.CLIENT_SELF_SIGNED,
            {"client_id": "one-core", "register": [], "take_back": ["a"], "overlap_seconds": 0},
        ),
        (ChangeKind.CLIENT_CONSTRAINT, {"client_id": "one-core", "sender_constraint": "DPOP"}),
        (ChangeKind.CLIENT_ENDING, {"client_id": "one-core"}),
        (
            ChangeKind.CONSENT_POLICY,
            {"v": 1, "version": 2, "lapse_days": 7, "purposes": {"PRE_LOAN_REVIEW": CEILINGS}},
        ),
        (
            ChangeKind.CLIENT_REDIRECTS,
            {"client_id": "one-core", "redirect_uris": ["https://bank.example/callback"]},
        ),
    ],
)
def test_a_body_is_read_as_it_was_written(kind: ChangeKind, body: JsonValue) -> None:
    """Canonical bytes are read; another spelling, another member, another kind's body are not."""
    raw = canonicalize(body)

    assert canonicalize(msgspec.to_builtins(KINDS[kind].read(raw))) == raw
    for other in (b" " + raw, raw.replace(b"{", b'{"a":1,', 1), b"{}", raw[:-1]):
        with pytest.raises(Malformed):
            KINDS[kind].read(other)
    for foreign in set(ChangeKind) - {kind}:
        with pytest.raises(Malformed):
            KINDS[foreign].read(raw)


def test_a_body_has_a_limit() -> None:
    """What two people sign stays readable for people."""
    raw = canonicalize({"client_id": "x" * BODY_BYTES_MAX})

    with pytest.raises(Malformed):
        KINDS[ChangeKind.CLIENT_ENDING].read(raw)


@pytest.mark.parametrize(
    "matcher",
    [
        {"kind": "san_ip", "value": "not an address"},
        {"kind": "san_dns", "value": ""},
        {"kind": "san_dns", "value": "new\u200b.example"},
        {"kind": "san_dns", "value": "x.example", "san_uri": "urn:x"},
        {"kind": "san_dns"},
    ],
)
def test_A6_a_subject_that_nothing_could_match_is_refused(matcher: dict[str, JsonValue]) -> None:
    """Zero matchers, two, one of another shape, one that does not print."""
    raw = canonicalize({"client_id": "one-core", "matcher": matcher})

    with pytest.raises(Malformed):
        KINDS[ChangeKind.CLIENT_CERTIFICATE].read(raw)


def test_A6_a_client_is_registered_whole_or_not_at_all(onboarding: BankOnboarding) -> None:
    """As an onboarding's: no scope or a key twice is refused."""
    read = KINDS[ChangeKind.CLIENT_REGISTRATION].read
    signing = msgspec.to_builtins(onboarding.clients[0])
    whole = {"bank_id": BANK_ID, "client": signing}
    twice = {**signing, "keys": [*signing["keys"], *signing["keys"]]}

    assert canonicalize(msgspec.to_builtins(read(canonicalize(whole)))) == canonicalize(whole)
    for client in (twice, {**signing, "scopes": []}, {**signing, "keys": []}):
        with pytest.raises(Malformed):
            read(canonicalize({"bank_id": BANK_ID, "client": client}))


def test_K3_a_change_of_keys_names_each_key_once() -> None:
    """No key, one twice, one under two names, one added and ended, too many, a private one."""
    jwk = new_jwk()
    faults: list[dict[str, JsonValue]] = [
        {"end": []},
        {"end": ["a", "a"]},
        {"end": ["a\u0007"]},
        {"end": [str(number) for number in range(9)]},
        {"add": [jwk, jwk]},
        {"add": [jwk, {**jwk, "kid": "other"}]},
        {"add": [new_jwk("a")]},
        {"add": [new_jwk() for _ in range(9)]},
        {"add": [{**jwk, "d": "c2VjcmV0"}]},
        {"overlap_seconds": -1},
        {"overlap_seconds": OVERLAP_SECONDS_MAX + 1},
    ]
    read = KINDS[ChangeKind.CLIENT_KEYS].read

    assert read(canonicalize({**KEYS, "add": [jwk]}))
    for fault in faults:
        with pytest.raises(Malformed):
            read(canonicalize({**KEYS, **fault}))
