"""New credentials: what is accepted, and what is none."""

import pytest
from hypothesis import given, settings, strategies
from msgspec.structs import replace
from tests.login.passkeys.conftest import register
from tests.login.passkeys.test_rules import SIGNING
from tests.passkeys import BE, BS, PARTY, UP, UV, Authenticator, make_authenticator

from creditbridge.login.passkeys.model import (
    EnrolmentInvalid,
    NewCredential,
    SentCredential,
    Signing,
    SigningKind,
)
from creditbridge.login.passkeys.registration import (
    ATTESTATION_BYTES_MAX,
    verify_registration,
)

CHALLENGE = b"c" * 32
ASKED: Signing = replace(SIGNING, kind=SigningKind.ENROL, signed=CHALLENGE)
DEVICE = make_authenticator()


def verify(sent: SentCredential) -> NewCredential:
    """Verify under the challenge of this file."""
    return verify_registration(sent, PARTY, challenge=CHALLENGE)


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
@pytest.mark.parametrize("synced", [False, True])
def test_a_new_credential_is_read(algorithm: int, synced: bool) -> None:  # noqa: FBT001 -- a case
    """Id, key and kind are those of the authenticator."""
    device = make_authenticator(algorithm, synced=synced).counted(3)

    assert verify(register(device, ASKED)) == NewCredential(
        credential_id=device.credential_id,
        public_key=device.public_key,
        device_bound=not synced,
        counter=3,
    )


@pytest.mark.parametrize(
    "device",
    [
        replace(DEVICE, origin="https://evil.example"),
        replace(DEVICE, origin="http://portal.example"),
        replace(DEVICE, rp_id="evil.example"),
        replace(DEVICE, flags=UP),
        replace(DEVICE, flags=UV),
        replace(DEVICE, flags=UP | UV | BS),
        replace(DEVICE, credential_id=b""),
        replace(DEVICE, credential_id=b"c" * 1024),
    ],
    ids=["origin", "http", "RP", "UV 0", "UP 0", "BS without BE", "no id", "long id"],
)
def test_a_credential_of_elsewhere_is_refused(device: Authenticator) -> None:
    """Another site's, or made without the person."""
    with pytest.raises(EnrolmentInvalid):
        verify(register(device, ASKED))


def test_a_credential_answers_its_own_page() -> None:
    """Another challenge, or an assertion instead of a registration, is refused."""
    with pytest.raises(EnrolmentInvalid):
        verify(register(DEVICE, replace(ASKED, signed=b"d" * 32)))
    client_data = DEVICE.client_data(CHALLENGE, kind="webauthn.get")
    with pytest.raises(EnrolmentInvalid):
        verify(replace(register(DEVICE, ASKED), client_data=client_data))


@pytest.mark.parametrize("members", [{"crossOrigin": True}, {"topOrigin": "https://a.example"}])
def test_a_page_in_a_frame_enrols_nothing(members: dict[str, str | bool | None]) -> None:
    """The library does not look at it; we do."""
    client_data, _ = DEVICE.attest(CHALLENGE, members)

    with pytest.raises(EnrolmentInvalid) as caught:
        verify(replace(register(DEVICE, ASKED), client_data=client_data))

    assert caught.value.detail == "client data: framed"


@pytest.mark.parametrize("client_data", [b"", b"[]", b"{", b"\xff", b'{"a":1,"a":2}', b" " * 5000])
def test_client_data_is_strict_json(client_data: bytes) -> None:
    """One text, one meaning, of a sensible length."""
    with pytest.raises(EnrolmentInvalid):
        verify(replace(register(DEVICE, ASKED), client_data=client_data))


def test_an_attestation_has_an_end() -> None:
    """Longer ones are not even read."""
    long = replace(register(DEVICE, ASKED), attestation=b"\x00" * (ATTESTATION_BYTES_MAX + 1))

    with pytest.raises(EnrolmentInvalid) as caught:
        verify(long)

    assert caught.value.detail == "attestation: too long"


@pytest.mark.parametrize("flags", [UP | UV | BE, UP | UV | BE | BS])
def test_a_key_that_may_leave_is_not_bound(flags: int) -> None:
    """Backed up already, or not yet."""
    assert not verify(register(replace(DEVICE, flags=flags), ASKED)).device_bound


@settings(max_examples=300, deadline=None)
@given(place=strategies.integers(0, 400), byte=strategies.binary(min_size=0, max_size=3))
def test_no_attestation_ends_in_a_fault_of_ours(place: int, byte: bytes) -> None:
    """Whatever the bytes are, they are a credential or they are refused."""
    sent = register(DEVICE, ASKED)
    raw = sent.attestation
    changed = raw[:place] + byte + raw[place + len(byte) :]

    try:
        new = verify(replace(sent, attestation=changed))
    except EnrolmentInvalid:
        return
    assert len(new.public_key) == 77
