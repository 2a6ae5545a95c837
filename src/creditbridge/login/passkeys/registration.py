"""New credentials, verified by py_webauthn (WebAuthn Level 3, section 7.1).

No attestation is asked for: which maker built a device is no business of the house, so whether a
key stays on its device is the authenticator's own word (BE), as it is for every site that asks so.
"""

from webauthn import verify_registration_response
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorAttestationResponse,
    CredentialDeviceType,
    RegistrationCredential,
)

from creditbridge.foundation.errors import Malformed
from creditbridge.login.passkeys.model import EnrolmentInvalid, NewCredential, SentCredential
from creditbridge.protocols.strict_json import JsonMalformed, parse
from creditbridge.protocols.webauthn_assertion import CLIENT_DATA_BYTES_MAX, RelyingParty
from creditbridge.protocols.webauthn_key import parse_key

ATTESTATION_BYTES_MAX = 16_384
CREDENTIAL_BYTES_MAX = 1_023


def verify_registration(
    sent: SentCredential, party: RelyingParty, *, challenge: bytes
) -> NewCredential:
    """Return the credential that an authenticator made for this challenge, the person verified.

    Raises:
        EnrolmentInvalid: anything in it is not as it must be.
    """
    _require_plain(sent)
    # The library takes the id from the browser; we take it from what the authenticator wrote.
    nameless = RegistrationCredential(
        id="AA",
        raw_id=b"\x00",
        response=AuthenticatorAttestationResponse(
            client_data_json=sent.client_data, attestation_object=sent.attestation
        ),
    )
    try:
        verified = verify_registration_response(
            credential=nameless,
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=list(party.origins),
            require_user_verification=True,
        )
        # Only what our own verifier reads may be enrolled: it must verify for ten years.
        parse_key(verified.credential_public_key)
    # Its reader of CBOR and its structs raise what Python raises for bytes that are none.
    except (WebAuthnException, Malformed, ValueError, TypeError, KeyError, IndexError) as error:
        raise EnrolmentInvalid(detail=type(error).__name__) from error
    if not 0 < len(verified.credential_id) <= CREDENTIAL_BYTES_MAX:
        raise EnrolmentInvalid(detail="credential id")
    return NewCredential(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        device_bound=verified.credential_device_type is CredentialDeviceType.SINGLE_DEVICE,
        counter=verified.sign_count,
    )


def _require_plain(sent: SentCredential) -> None:
    """Accept client data that is strict JSON of a page of our own, and bytes of a sensible size."""
    if len(sent.client_data) > CLIENT_DATA_BYTES_MAX:
        raise EnrolmentInvalid(detail="client data: too long")
    if len(sent.attestation) > ATTESTATION_BYTES_MAX:
        raise EnrolmentInvalid(detail="attestation: too long")
    try:
        said = parse(sent.client_data)
    except JsonMalformed as error:
        raise EnrolmentInvalid(detail=f"client data: {error.fault.name}") from error
    # The library looks at neither: a page in another site's frame enrols nothing.
    if not isinstance(said, dict) or said.get("crossOrigin", False) or "topOrigin" in said:
        raise EnrolmentInvalid(detail="client data: framed")
