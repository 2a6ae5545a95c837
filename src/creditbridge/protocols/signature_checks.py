"""What a message signature must satisfy beside being there, as in RFC 9421, section 3.2."""

from collections.abc import Callable, Mapping
from datetime import datetime

from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.foundation.keys import Algorithm, PublicKey
from creditbridge.protocols.content_digest import ContentDigestInvalid, require_digest
from creditbridge.protocols.signature_base import (
    Component,
    MessageView,
    SignatureIncomplete,
    SignatureMalformed,
    SignatureRejected,
)
from creditbridge.protocols.signature_input import Covered, SignatureParameters
from creditbridge.protocols.signature_profile import Profile

FindKey = Callable[[str], PublicKey | None]

KEY_ID_CHARACTERS_MAX = 256
NONCE_CHARACTERS_MIN, NONCE_CHARACTERS_MAX = 16, 64

# Section 3.3. `hmac-sha256` and `rsa-v1_5-sha256` are absent on purpose.
ALGORITHM_NAMES: Mapping[Algorithm, str] = {
    Algorithm.ES256: "ecdsa-p256-sha256",
    Algorithm.ED25519: "ed25519",
}


class SignatureKeyUnknown(SignatureRejected):
    """The key named is none of the sender's live keys."""

    code = "signature-key-unknown"
    message = "The signature must name a live key that is registered for its sender."


class SignatureStale(SignatureRejected):
    """The signature was not made just now, or has expired."""

    code = "signature-stale"
    message = "The signature's time lies outside of the accepted window; check the clock."


class SignatureBodyMismatch(SignatureRejected):
    """The signed digest is not that of the body received."""

    code = "signature-body-mismatch"
    message = "The signed Content-Digest is not that of the body."


def require_fresh(
    parameters: SignatureParameters, profile: Profile, now: datetime
) -> tuple[int, str]:
    """Return `created` and the nonce, which is empty where an answer has none.

    Raises:
        SignatureStale: no `created`, out of the window, expired, or made to last too long.
        SignatureMalformed: a request without a nonce of the right length.
    """
    created, expires, window = parameters.created, parameters.expires, profile.window
    if created is None:
        raise SignatureStale(detail="no time of creation")
    instant = now.timestamp()
    # The window bounds how long a nonce must be remembered, and so how many (section 7.2.2).
    if not -window.future_seconds <= instant - created <= window.past_seconds:
        raise SignatureStale(detail=f"made {instant - created:.0f} s ago")
    if expires is not None and not instant < expires <= created + window.life_seconds_max:
        raise SignatureStale(detail="expired, or made to last too long")
    nonce = parameters.nonce or ""
    # Shorter ones could be guessed or repeat by chance, longer ones only fill the table.
    if profile.answers is None and not NONCE_CHARACTERS_MIN <= len(nonce) <= NONCE_CHARACTERS_MAX:
        raise SignatureMalformed(detail=f"a nonce of {len(nonce)} characters")
    return created, nonce


def require_key(parameters: SignatureParameters, find_key: FindKey) -> PublicKey:
    """Return the live key of the sender that the signature names.

    Raises:
        SignatureKeyUnknown: none named, or none of that name.
    """
    key_id = parameters.key_id
    if key_id is None or len(key_id) > KEY_ID_CHARACTERS_MAX:
        raise SignatureKeyUnknown(detail="no key id of sensible length")
    # Asked of the authenticated sender's keys alone: another client's live key is unknown here.
    if (key := find_key(key_id)) is None:
        raise SignatureKeyUnknown(detail="no live key of that name")
    return key


def require_coverage(view: MessageView, covered: Covered, required: list[Component]) -> None:
    """Accept a signature that covers all that is required; it may cover more.

    Raises:
        SignatureIncomplete: a required component is not covered.
        SignatureMalformed: a required field stands in the message twice.
    """
    for component in required:
        if component not in covered.components:
            raise SignatureIncomplete(detail=f"{component.name} is not covered")
        # Twice the same field: who reads one line would read other than what was signed.
        if not component.from_request and view.is_repeated(component.name):
            raise SignatureMalformed(detail=f"{component.name} stands there twice")


def require_body(view: MessageView) -> None:
    """Accept a body whose digest, where there is one, is that of the bytes received.

    Raises:
        SignatureBodyMismatch: or a digest that cannot be used.
    """
    if (digest := view.find_field("content-digest")) is None:
        return
    try:
        require_digest(digest, view.message.body)
    except ContentDigestInvalid as error:
        raise SignatureBodyMismatch(detail=error.detail) from error


def require_signature(
    key: PublicKey, parameters: SignatureParameters, *, base: bytes, signature: bytes
) -> None:
    """Accept the raw signature over the base.

    Raises:
        SignatureRejected: an `alg` that is not the key's, wrong length, wrong bytes.
    """
    # The key decides; a parameter that says otherwise is an attack or a mistake (section 3.2).
    if parameters.algorithm not in (None, ALGORITHM_NAMES[key.algorithm]):
        raise SignatureRejected(detail="an algorithm that is not the key's")
    try:
        key.verify(signature, base)
    except SignatureInvalid as error:
        raise SignatureRejected(detail=error.detail) from error
