"""The seal: who signed exactly these bytes."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from msgspec.structs import replace

from creditbridge.foundation.keys import FileKey, PublicKey, name_key
from creditbridge.profile.build import ProfileHeading, build_profile
from creditbridge.profile.codes import ErrorClass, SectionCode
from creditbridge.profile.flags import Naming, flag
from creditbridge.profile.merge import merge
from creditbridge.profile.model import (
    Extent,
    NoneSection,
    PresentSection,
    ProfileDraft,
    SourceAnswer,
    UnknownSection,
)
from creditbridge.profile.seal import SealInvalid, seal_profile, verify_seal
from creditbridge.profile.sections import Evaluation, Penalty, Registration
from creditbridge.profile.suppression import suppress
from creditbridge.protocols.canonical_json import canonicalize, require_canonical

# RFC 8032, section 7.1, test 1: a published key, so that the vector below can be made anew.
SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
KEYS: dict[str, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey] = {
    "ed25519": ed25519.Ed25519PrivateKey.from_private_bytes(SECRET),
    "p-256": ec.generate_private_key(ec.SECP256R1()),
}


def signer_of(kind: str) -> FileKey:
    """A signer of one of the two kinds."""
    private = KEYS[kind]
    return FileKey(key=name_key(private.public_key(), key_id="seal-1"), private=private)


def finder_of(signer: FileKey) -> Callable[[str], PublicKey | None]:
    """What a bank pinned: this one key."""
    return {signer.key.key_id: signer.key}.get


@pytest.fixture
def draft(
    answer_of: Callable[..., SourceAnswer],
    present: Callable[..., PresentSection],
    none: NoneSection,
    heading: ProfileHeading,
    extent: Extent,
    request: pytest.FixtureRequest,
) -> ProfileDraft:
    """A profile with a section of each status but STALE."""
    registration: Registration = request.getfixturevalue("registration")
    penalty: Penalty = request.getfixturevalue("penalty")
    sections = {
        SectionCode.REG: present(registration),
        SectionCode.PEN: present(penalty),
        SectionCode.LST: none,
        SectionCode.EVA: UnknownSection(error_class=ErrorClass.SOURCE_TIMEOUT),
    }
    now = heading.generated_at
    served = suppress(merge([answer_of(sections)]), extent=extent, now=now)
    name = heading.subject.name
    flags = flag(served, naming=Naming(consented=name, answered=name), now=now)
    return build_profile(served, flags, heading=heading)


@pytest.mark.parametrize("kind", list(KEYS))
def test_a_sealed_profile_verifies_and_says_the_same(draft: ProfileDraft, kind: str) -> None:
    """With either kind of key; the bytes are canonical."""
    signer = signer_of(kind)

    sealed = seal_profile(draft, signer)

    assert verify_seal(sealed.raw, finder_of(signer)) == sealed.profile
    assert require_canonical(sealed.raw)
    assert sealed.profile.seal.kid == "seal-1"
    assert sealed.profile.seal.alg == signer.key.algorithm


def test_the_seal_is_over_the_domain_and_the_profile_without_it(draft: ProfileDraft) -> None:
    """Whoever knows RFC 8785 and the domain string can verify without this code."""
    signer = signer_of("ed25519")
    raw = seal_profile(draft, signer).raw

    value = json.loads(raw)
    seal = value.pop("seal")
    signature = urlsafe_b64decode(seal["value"] + "==")

    message = b"creditbridge-profile-v1\x00" + canonicalize(value)
    signer.key.verify(signature, message)
    assert len(signature) == 64


def test_the_same_profile_gets_the_same_bytes(draft: ProfileDraft) -> None:
    """Ed25519 is deterministic (RFC 8032), and so is the canonical form."""
    first = seal_profile(draft, signer_of("ed25519"))
    second = seal_profile(draft, signer_of("ed25519"))

    assert first.raw == second.raw


@pytest.mark.parametrize("kind", list(KEYS))
def test_one_changed_byte_breaks_the_seal(draft: ProfileDraft, kind: str) -> None:
    """Anywhere in the profile; every 97th byte is tried."""
    signer = signer_of(kind)
    raw = seal_profile(draft, signer).raw

    for place in range(0, len(raw), 97):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(SealInvalid):
            verify_seal(changed, finder_of(signer))


def reseal(raw: bytes, **changes: object) -> bytes:
    """The same profile with another seal."""
    value = json.loads(raw)
    value["seal"] = {**value["seal"], **changes}
    return canonicalize(value)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"kid": "seal-2"}, id="unknown-key"),
        pytest.param({"alg": "ES256"}, id="other-algorithm"),
        pytest.param({"value": "A" * 86}, id="zero"),
        pytest.param({"value": "A" * 85}, id="no-base64"),
        pytest.param({"value": "A" * 43}, id="too-short"),
        pytest.param({"value": "中" * 8}, id="no-ascii"),
        pytest.param({"value": 1}, id="no-text"),
    ],
)
def test_another_seal_is_refused(draft: ProfileDraft, changes: dict[str, object]) -> None:
    """Unknown key, another algorithm, other bytes, no base64url."""
    signer = signer_of("ed25519")

    with pytest.raises(SealInvalid):
        verify_seal(reseal(seal_profile(draft, signer).raw, **changes), finder_of(signer))


def test_one_signature_has_one_spelling(draft: ProfileDraft) -> None:
    """Padding and stray bits are refused, though they decode to the same bytes."""
    signer = signer_of("ed25519")
    sealed = seal_profile(draft, signer)
    value = sealed.profile.seal.value
    stray = value[:-1] + chr(ord(value[-1]) + 1)

    assert urlsafe_b64encode(urlsafe_b64decode(stray + "==")).decode().startswith(value)
    for other in (value + "==", stray):
        with pytest.raises(SealInvalid):
            verify_seal(reseal(sealed.raw, value=other), finder_of(signer))


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"seal":{}}', b'{"seal":null}', b'{ "seal":{}}']
)
def test_what_is_no_sealed_profile_is_refused(raw: bytes) -> None:
    """Not canonical, no object, no seal."""
    with pytest.raises(SealInvalid):
        verify_seal(raw, finder_of(signer_of("ed25519")))


def test_a_signed_thing_that_is_no_profile_is_refused() -> None:
    """The seal of our key alone makes no profile."""
    signer = signer_of("ed25519")
    body = canonicalize({"v": 1})
    signature = signer.sign(b"creditbridge-profile-v1\x00" + body)
    value = urlsafe_b64encode(signature).rstrip(b"=").decode()
    seal = {"alg": "EdDSA", "kid": "seal-1", "value": value}

    with pytest.raises(SealInvalid):
        verify_seal(canonicalize({"v": 1, "seal": seal}), finder_of(signer))


def test_decimals_days_and_nulls_survive_the_seal(
    draft: ProfileDraft,
    evaluation: Evaluation,
    present: Callable[..., PresentSection],
) -> None:
    """Amounts are text, instants end in Z, what is not known is null."""
    sections = {SectionCode.EVA: present(evaluation)}
    raw = seal_profile(replace(draft, sections=sections), signer_of("ed25519")).raw

    value = json.loads(raw)
    record = value["sections"]["EVA"]["records"][0]
    assert value["generated_at"] == "2026-11-21T02:00:00Z"
    assert (record["score"], record["evaluated_at"]) == ("815.00", "2026-11-01")
    assert record["dispute"] is None
    assert record["record_type"] == "EVALUATION"
