"""An approver's assertion: what holds, and every bad case of PROTOCOLS section 8 that it shows."""

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from msgspec.structs import replace
from tests.passkeys import AT, BE, BS, ED, PARTY, UP, UV, base64url, make_authenticator
from webauthn import verify_authentication_response

from creditbridge.protocols.webauthn_assertion import (
    CLIENT_DATA_BYTES_MAX,
    SIGNATURE_BYTES_MAX,
    ApprovalInvalid,
    Assertion,
    RelyingParty,
    Signed,
    verify_assertion,
)
from creditbridge.protocols.webauthn_key import parse_key

CHALLENGE = hashlib.sha256(b"statement").digest()
DEVICE = make_authenticator()
KEY = parse_key(DEVICE.public_key)


def verify(
    assertion: Assertion, *, backup_eligible: bool = False, party: RelyingParty = PARTY
) -> Signed:
    """Verify under the key and the challenge of this file."""
    return verify_assertion(
        assertion, KEY, party, challenge=CHALLENGE, backup_eligible=backup_eligible
    )


def refuse(assertion: Assertion, *, backup_eligible: bool = False) -> str:
    """Return why an assertion is refused."""
    with pytest.raises(ApprovalInvalid) as caught:
        verify(assertion, backup_eligible=backup_eligible)
    assert caught.value.prose == ApprovalInvalid.message
    return caught.value.detail


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
@pytest.mark.parametrize("synced", [False, True])
def test_a_right_assertion_holds_here_and_in_the_library(algorithm: int, synced: bool) -> None:  # noqa: FBT001 -- a case
    """py_webauthn finds the same counter and the same kind of credential."""
    device = make_authenticator(algorithm, synced=synced).counted(7)
    assertion = device.sign(CHALLENGE)

    signed = verify_assertion(
        assertion,
        parse_key(device.public_key),
        PARTY,
        challenge=CHALLENGE,
        backup_eligible=synced,
    )

    assert signed == Signed(counter=7, is_backed_up=synced)
    judged = verify_authentication_response(
        credential={
            "id": base64url(device.credential_id),
            "rawId": base64url(device.credential_id),
            "type": "public-key",
            "response": {
                "clientDataJSON": base64url(assertion.client_data),
                "authenticatorData": base64url(assertion.authenticator_data),
                "signature": base64url(assertion.signature),
            },
        },
        expected_challenge=CHALLENGE,
        expected_rp_id=PARTY.rp_id,
        expected_origin=list(PARTY.origins),
        credential_public_key=device.public_key,
        credential_current_sign_count=0,
        require_user_verification=True,
    )
    assert (judged.new_sign_count, judged.credential_backed_up) == (7, synced)


def test_a_webauthn_create_is_no_approval() -> None:
    """A registration is signed with the same key, and says yes to nothing."""
    assert refuse(DEVICE.sign(CHALLENGE, kind="webauthn.create")) == "client data: type"


def test_an_other_challenge_is_refused() -> None:
    """Signed for another statement, or for none."""
    other = hashlib.sha256(b"another statement").digest()

    assert refuse(DEVICE.sign(other)) == "client data: challenge"
    assert refuse(DEVICE.sign(b"")) == "client data: challenge"
    padded = DEVICE.client_data(CHALLENGE, kind="webauthn.get").replace(
        b'", "origin', b'=", "origin'
    )
    assert refuse(DEVICE.sign_bytes(padded, DEVICE.authenticator_data())) == (
        "client data: challenge"
    )


@pytest.mark.parametrize(
    "origin",
    [
        "https://other.example",
        "https://sub.portal.example",
        "http://portal.example",
        "https://portal.example:443",
        "https://portal.example/",
        "https://PORTAL.example",
        "https://portal.example.",
        "null",
        "",
    ],
    ids=["other", "sub-domain", "http", "port", "slash", "capitals", "dot", "null", "none"],
)
def test_an_other_origin_is_refused(origin: str) -> None:
    """Exactly one of the configured, not one that looks like it."""
    assert refuse(replace(DEVICE, origin=origin).sign(CHALLENGE)) == "client data: origin"


def test_each_configured_origin_counts() -> None:
    """Two names of one portal."""
    party = RelyingParty(rp_id=PARTY.rp_id, origins=("https://old.example", *PARTY.origins))

    assert verify(DEVICE.sign(CHALLENGE), party=party).counter == 0


@pytest.mark.parametrize(
    "members",
    [
        {"crossOrigin": True},
        {"topOrigin": "https://portal.example"},
        {"topOrigin": None},
        {"crossOrigin": True, "topOrigin": "https://evil.example"},
    ],
)
def test_a_framed_page_is_refused(members: dict[str, str | bool | None]) -> None:
    """In another site's frame nobody sees whom they say yes to."""
    assert refuse(DEVICE.sign(CHALLENGE, members=members)) == "client data: framed"


def test_a_member_that_browsers_add_does_no_harm() -> None:
    """Chromium adds one, so that nobody compares the text against a template."""
    added: dict[str, str | bool | None] = {
        "other_keys_can_be_added_here": "do not compare clientDataJSON against a template"
    }

    assert verify(DEVICE.sign(CHALLENGE, members=added)).counter == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw + b"x",
        lambda raw: raw.replace(b'"type"', b'"type": "webauthn.get", "type"'),
        lambda raw: raw.replace(b"false", b"null"),
        lambda raw: raw.replace(b"false", b'"false"'),
        lambda raw: b"[" + raw + b"]",
        lambda raw: raw.replace(b'"origin"', b'"Origin"'),
        lambda raw: raw.replace(b"portal", b"p\xffrtal"),
        lambda _: b"",
    ],
    ids=["mark", "tail", "twice", "null", "text", "list", "name", "bytes", "empty"],
)
def test_client_data_that_is_not_strict_json_is_refused(change: object) -> None:
    """Correctly signed, and still no text with one meaning."""
    assert callable(change)
    changed = change(DEVICE.client_data(CHALLENGE, kind="webauthn.get"))

    refused = refuse(DEVICE.sign_bytes(changed, DEVICE.authenticator_data()))

    assert refused.startswith("client data: ")


def test_client_data_has_an_end() -> None:
    """The longest that is read, and one byte more."""
    short = DEVICE.client_data(CHALLENGE, kind="webauthn.get", members={"pad": ""})
    filled = short[:-2] + b"x" * (CLIENT_DATA_BYTES_MAX - len(short)) + short[-2:]
    longer = json.dumps({**json.loads(filled), "pad": json.loads(filled)["pad"] + "x"}).encode()

    assert verify(DEVICE.sign_bytes(filled, DEVICE.authenticator_data())).counter == 0
    assert len(longer) == CLIENT_DATA_BYTES_MAX + 1
    assert refuse(DEVICE.sign_bytes(longer, DEVICE.authenticator_data())) == (
        "client data: too long"
    )


@pytest.mark.parametrize("rp_id", ["other.example", "sub.portal.example", "example", ""])
def test_an_other_rp_is_refused(rp_id: str) -> None:
    """The hash is of this very RP id, not of one above or below it."""
    refused = refuse(replace(DEVICE, rp_id=rp_id).sign(CHALLENGE))

    assert refused == "authenticator data: RP id"


@pytest.mark.parametrize("flags", [0, UP, UV])
def test_uv_0_or_up_0_is_refused(flags: int) -> None:
    """A key that signs by itself, or for whoever touches it, proves no person."""
    assert refuse(replace(DEVICE, flags=flags).sign(CHALLENGE)) == "authenticator data: UP, UV"


@pytest.mark.parametrize(
    ("registered", "flags", "refused"),
    [
        (False, UP | UV | BE, "authenticator data: BE"),
        (True, UP | UV, "authenticator data: BE"),
        (True, UP | UV | BS, "authenticator data: BE"),
        (False, UP | UV | BS, "authenticator data: BS without BE"),
        (False, UP | UV | BE | BS, "authenticator data: BE"),
    ],
)
def test_be_is_as_registered_and_bs_only_with_it(
    registered: bool,  # noqa: FBT001 -- a case
    flags: int,
    refused: str,
) -> None:
    """A device-bound key does not become a synced one, nor the other way round."""
    assertion = replace(DEVICE, flags=flags).sign(CHALLENGE)

    assert refuse(assertion, backup_eligible=registered) == refused


@pytest.mark.parametrize("backed_up", [0, BS])
def test_a_synced_key_may_be_backed_up_or_not_yet(backed_up: int) -> None:
    """BS changes over the life of a key with BE."""
    assertion = replace(DEVICE, flags=UP | UV | BE | backed_up).sign(CHALLENGE)

    assert verify(assertion, backup_eligible=True).is_backed_up == bool(backed_up)


@pytest.mark.parametrize("flag", [AT, ED])
def test_attested_data_and_extensions_are_refused(flag: int) -> None:
    """Nobody asked for them, announced or there."""
    announced = replace(DEVICE, flags=UP | UV | flag)

    assert refuse(announced.sign(CHALLENGE)) == (
        "authenticator data: parts that were not asked for"
    )
    assert refuse(replace(announced, extra=b"\xa0").sign(CHALLENGE)) == (
        "authenticator data: length"
    )


@pytest.mark.parametrize("length", [0, 32, 36, 38])
def test_trailing_or_missing_bytes_are_refused(length: int) -> None:
    """Exactly 37 bytes."""
    data = (DEVICE.authenticator_data() + b"\x00")[:length]
    client_data = DEVICE.client_data(CHALLENGE, kind="webauthn.get")

    assert refuse(DEVICE.sign_bytes(client_data, data)) == "authenticator data: length"


def test_trailing_bytes_behind_the_signature_are_refused() -> None:
    """A longer signature is another one."""
    assertion = DEVICE.sign(CHALLENGE)

    changed = replace(assertion, signature=assertion.signature + b"\x00")

    assert refuse(changed).startswith("signature: passkey")


def test_r_and_s_of_0_are_refused() -> None:
    """The signature that careless verifiers take for everything."""
    changed = replace(DEVICE.sign(CHALLENGE), signature=encode_dss_signature(0, 0))

    assert refuse(changed) == "signature: passkey: r or s out of range"


def test_anothers_key_is_refused() -> None:
    """Right in everything, signed by somebody else."""
    assert refuse(make_authenticator().sign(CHALLENGE)) == "signature: passkey"


def test_a_signature_has_an_end() -> None:
    """Longer than any key gives is not even tried."""
    longest = replace(DEVICE.sign(CHALLENGE), signature=b"\x30" * SIGNATURE_BYTES_MAX)
    longer = replace(longest, signature=longest.signature + b"\x30")

    assert refuse(longest) == "signature: passkey: no DER"
    assert refuse(longer) == "signature: too long"


def test_the_counter_is_all_of_its_four_bytes() -> None:
    """Big-endian, up to the largest."""
    assert verify(DEVICE.counted(0x01020304).sign(CHALLENGE)).counter == 0x01020304
    assert verify(DEVICE.counted(2**32 - 1).sign(CHALLENGE)).counter == 2**32 - 1
