"""Packs whose platform speaks the SM suite, alone and beside one that signs HTTP messages."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
from msgspec.structs import replace
from tests.sm2 import make_sm2_key

from creditbridge.evidence.archive import pack_files, unpack_files
from creditbridge.evidence.assembling import assemble_pack, digest_of
from creditbridge.evidence.model import Manifest, PackMaterial, PinsMalformed, Result, Step
from creditbridge.evidence.pins import Pin, Pins, PinsFile, read_pins
from creditbridge.evidence.verifying import verify_pack
from creditbridge.ledger.model import ExchangeProof, Proofs, Record, Sm2Exchange
from creditbridge.ledger.rules import join_parts
from creditbridge.protocols.canonical_json import canonicalize
from creditbridge.protocols.sm2_jwk import format_sm2_jwk
from creditbridge.protocols.sm2_keys import Sm2PrivateKey, open_sm2
from creditbridge.protocols.sm2_message import SignedAnswer, SignedRequest, digest_sm3

Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]
Change: TypeAlias = Callable[[Sm2Exchange], Sm2Exchange]

SCRIPT = Path(__file__).parent / "independent_verifier.py"
LIBRARY = open_sm2()
OURS = make_sm2_key(1_000_003, LIBRARY)
THEIRS = make_sm2_key(2_000_003, LIBRARY)
STRANGER = make_sm2_key(3_000_017, LIBRARY)
AT_MS = 1_772_366_401_000


def sm2_pin(key: Sm2PrivateKey) -> Pin:
    """Return a key as pins name it."""
    return Pin(kid=key.key.key_id, jwk=format_sm2_jwk(key.key))


@pytest.fixture(scope="session")
def sm2_pins_file(pins_file: PinsFile) -> PinsFile:
    """The bank's pins, with both sides' keys of the SM suite among them."""
    return replace(
        pins_file,
        query_keys=(*pins_file.query_keys, sm2_pin(OURS)),
        platform_keys={**pins_file.platform_keys, "national": (sm2_pin(THEIRS),)},
    )


@pytest.fixture(scope="session")
def sm2_pins(sm2_pins_file: PinsFile) -> Pins:
    """The same, read."""
    return read_pins(msgspec.json.encode(sm2_pins_file))


def asked(grant: bytes) -> SignedRequest:
    """Return what the gateway signs of a query with this grant."""
    return SignedRequest(
        method="POST",
        path="/api/v1/queries",
        query="",
        app_id="creditbridge",
        timestamp_ms=AT_MS,
        nonce="n" * 22,
        body_digest=digest_sm3(grant),
        consent=str(msgspec.json.decode(grant)["consent_digest"]),
    )


def said(query: SignedRequest) -> SignedAnswer:
    """Return what the platform signs of its answer to a later poll."""
    return SignedAnswer(
        status=200,
        question=query.body_digest,
        request=digest_sm3(b"a poll"),
        app_id="creditbridge",
        timestamp_ms=AT_MS + 500,
        body_digest=digest_sm3(b"an answer"),
        consent=query.consent,
    )


def signed(
    grant: bytes,
    *,
    query: SignedRequest | None = None,
    answer: SignedAnswer | None = None,
    answered_by: Sm2PrivateKey = THEIRS,
) -> Sm2Exchange:
    """Return an exchange; what a test gives is signed instead of what is right."""
    query = query or asked(grant)
    query_base, answer_base = query.encode(), (answer or said(query)).encode()
    return Sm2Exchange(
        platform="national",
        query_id="qry_1",
        query_base=query_base,
        query_signature=OURS.sign(query_base),
        query_key_id=OURS.key.key_id,
        grant=grant,
        answer_base=answer_base,
        answer_signature=answered_by.sign(answer_base),
        answer_key_id=answered_by.key.key_id,
    )


@pytest.fixture(scope="session")
def national_grant(grant: bytes) -> bytes:
    """The grant for the other platform."""
    members = msgspec.json.decode(grant, type=dict[str, object])
    return msgspec.json.encode({**members, "audience": "national"}, order="sorted")


def pack_with(exchanges: tuple[ExchangeProof, ...], story: list[Record], write: Write) -> bytes:
    """Return the pack of the story, told with these exchanges."""
    digests = {
        **story[4].digests,
        "query": join_parts([one.query_base for one in exchanges]),
        "answer": join_parts([one.answer_base or b"" for one in exchanges]),
    }
    delivered = replace(story[4], digests=digests, proofs=Proofs(exchanges=exchanges))
    return assemble_pack(write([*story[:4], delivered, *story[5:]]))


def failed_step(pack: bytes, pins: Pins) -> Step:
    """Return the step at which a pack fails."""
    verdict = verify_pack(pack, pins)
    assert verdict.result is Result.INVALID
    return verdict.steps[-1]


def judge_alone(pack: bytes, pins_file: PinsFile, folder: Path) -> int:
    """Return the exit status of the script that shares no line with the product."""
    (folder / "pack.zip").write_bytes(pack)
    (folder / "pins.json").write_bytes(msgspec.json.encode(pins_file))
    paths = (folder / "pack.zip", folder / "pins.json")
    command = [sys.executable, "-I", str(SCRIPT), "pack", *map(str, paths)]
    return subprocess.run(command, check=False, capture_output=True).returncode  # noqa: S603 -- our own script


def test_both_verifiers_accept_a_report_over_two_suites(
    exchange: ExchangeProof,
    national_grant: bytes,
    story: list[Record],
    write: Write,
    sm2_pins: Pins,
    sm2_pins_file: PinsFile,
    tmp_path: Path,
) -> None:
    """One platform signed an HTTP message, one a canonical string: each by its own rules."""
    pack = pack_with((signed(national_grant), exchange), story, write)

    verdict = verify_pack(pack, sm2_pins)

    assert verdict.result is Result.VALID
    assert [step.detail for step in verdict.steps if step.name == "answers"] == [
        "signed by national, provincial"
    ]
    assert judge_alone(pack, sm2_pins_file, tmp_path) == 0


def other_question(exchange: Sm2Exchange) -> Sm2Exchange:
    """The answer is signed, but to another question."""
    query = asked(exchange.grant)
    return signed(exchange.grant, answer=replace(said(query), question="0" * 64))


def other_application(exchange: Sm2Exchange) -> Sm2Exchange:
    """The answer was given to another application."""
    query = asked(exchange.grant)
    return signed(exchange.grant, answer=replace(said(query), app_id="other"))


def other_consent(exchange: Sm2Exchange) -> Sm2Exchange:
    """The answer names another consent."""
    query = asked(exchange.grant)
    return signed(exchange.grant, answer=replace(said(query), consent="A" * 43))


def other_body(exchange: Sm2Exchange) -> Sm2Exchange:
    """Another grant was signed than the one that lies beside it."""
    query = replace(asked(exchange.grant), body_digest="0" * 64)
    return signed(exchange.grant, query=query)


def query_for_another_consent(exchange: Sm2Exchange) -> Sm2Exchange:
    """The line of the consent is not what the grant says."""
    return signed(exchange.grant, query=replace(asked(exchange.grant), consent="A" * 43))


def only_read(exchange: Sm2Exchange) -> Sm2Exchange:
    """A poll is no query."""
    return signed(exchange.grant, query=replace(asked(exchange.grant), method="GET"))


def by_a_stranger(exchange: Sm2Exchange) -> Sm2Exchange:
    """Signed by a key that nobody pinned."""
    return signed(exchange.grant, answered_by=STRANGER)


def under_a_false_name(exchange: Sm2Exchange) -> Sm2Exchange:
    """Signed by a key that takes the name of the pinned one."""
    return replace(by_a_stranger(exchange), answer_key_id=THEIRS.key.key_id)


def asked_by_a_stranger(exchange: Sm2Exchange) -> Sm2Exchange:
    """The query names a key that is not the gateway's."""
    return replace(exchange, query_key_id=STRANGER.key.key_id)


def no_canonical_string(exchange: Sm2Exchange) -> Sm2Exchange:
    """The platform signed something that is no answer."""
    base = b"200 OK"
    return replace(exchange, answer_base=base, answer_signature=THEIRS.sign(base))


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (other_body, "queries"),
        (query_for_another_consent, "queries"),
        (only_read, "queries"),
        (asked_by_a_stranger, "queries"),
        (other_question, "answers"),
        (other_application, "answers"),
        (other_consent, "answers"),
        (by_a_stranger, "answers"),
        (under_a_false_name, "answers"),
        (no_canonical_string, "answers"),
    ],
)
def test_an_exchange_that_does_not_hold_is_found(
    change: Change,
    step: str,
    national_grant: bytes,
    story: list[Record],
    write: Write,
    sm2_pins: Pins,
) -> None:
    """Each at its own step, however whole the rest of the pack is."""
    pack = pack_with((change(signed(national_grant)),), story, write)

    assert failed_step(pack, sm2_pins).name == step


@pytest.mark.parametrize(
    ("named", "step"), [("query_keys", "queries"), ("platform_keys", "answers")]
)
def test_a_key_of_another_suite_counts_for_nothing(
    named: str,
    step: str,
    national_grant: bytes,
    story: list[Record],
    write: Write,
    pins_file: PinsFile,
    sm2_pins_file: PinsFile,
) -> None:
    """The id is pinned, but for a key that signs in another form."""
    other = pins_file.seal_keys[0].jwk
    alike: dict[str, object] = {
        "query_keys": (Pin(kid=OURS.key.key_id, jwk=other),),
        "platform_keys": {"national": (Pin(kid=THEIRS.key.key_id, jwk=other),)},
    }
    pins = read_pins(msgspec.json.encode(replace(sm2_pins_file, **{named: alike[named]})))

    assert failed_step(pack_with((signed(national_grant),), story, write), pins).name == step


def test_a_pack_does_not_choose_the_suite_it_is_judged_by(
    exchange: ExchangeProof, story: list[Record], write: Write, sm2_pins: Pins
) -> None:
    """An exchange of HTTP messages that calls itself one of SM2 is judged as such, and refused."""
    files = unpack_files(pack_with((exchange,), story, write))
    name = "queries/01/exchange.json"
    members = msgspec.json.decode(files[name], type=dict[str, str])
    assert "suite" not in members
    files[name] = canonicalize({**members, "suite": "SM2_MESSAGE"})
    manifest = msgspec.json.decode(files.pop("manifest.json"), type=Manifest)
    honest = replace(manifest, files={one: digest_of(raw) for one, raw in files.items()})
    pack = pack_files({**files, "manifest.json": canonicalize(msgspec.to_builtins(honest))})

    assert failed_step(pack, sm2_pins).name == "queries"


@pytest.mark.parametrize("role", ["receipt_keys", "consent_keys", "seal_keys", "bank_keys"])
def test_keys_of_the_suite_are_pinned_for_exchanges_alone(
    role: str, sm2_pins_file: PinsFile
) -> None:
    """Nothing else is ever signed under it, so a pin that says so is a mistake."""
    file = replace(sm2_pins_file, **{role: (sm2_pin(OURS),)})

    with pytest.raises(PinsMalformed):
        read_pins(msgspec.json.encode(file))


def test_a_broken_key_of_the_suite_is_found_when_pins_are_read(sm2_pins_file: PinsFile) -> None:
    """Not at the pack that would have needed it."""
    broken = Pin(kid="k", jwk={**sm2_pin(OURS).jwk, "x": "A" * 43})
    file = replace(sm2_pins_file, query_keys=(broken,))

    with pytest.raises(PinsMalformed):
        read_pins(msgspec.json.encode(file))
