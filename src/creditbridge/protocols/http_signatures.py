"""HTTP message signatures, as in RFC 9421, under the house's own profiles.

The profile fixes components, order, tag and age; the key decides the algorithm. A verified
signature comes back with its base, the exact bytes that were signed: base, signature and key are
all that an offline verifier needs (`verify_base`).
"""

from base64 import b64encode
from datetime import datetime

import msgspec

from creditbridge.foundation.keys import Algorithm, PublicKey, Signer
from creditbridge.protocols.content_digest import format_digest
from creditbridge.protocols.signature_base import (
    Message,
    MessageView,
    Request,
    Response,
    SignatureIncomplete,
    SignatureMalformed,
    SignatureRejected,
)
from creditbridge.protocols.signature_checks import (
    FindKey,
    SignatureBodyMismatch,
    SignatureKeyUnknown,
    SignatureStale,
    require_body,
    require_coverage,
    require_fresh,
    require_key,
    require_signature,
)
from creditbridge.protocols.signature_input import (
    ParsedBase,
    SignatureParameters,
    build_base,
    check_listed,
    cover,
    parse_base,
)
from creditbridge.protocols.signature_profile import (
    BANK_REQUEST,
    BANK_RESPONSE,
    PLATFORM_ANSWER,
    PLATFORM_QUERY,
    Profile,
    SignatureAmbiguous,
    SignatureMissing,
    Window,
    find_tagged,
    get_signature,
    list_required,
)
from creditbridge.protocols.structured_fields import BareItem

__all__ = [
    "BANK_REQUEST",
    "BANK_RESPONSE",
    "PLATFORM_ANSWER",
    "PLATFORM_QUERY",
    "FindKey",
    "MadeSignature",
    "ParsedBase",
    "Profile",
    "Request",
    "Response",
    "SignatureAmbiguous",
    "SignatureBodyMismatch",
    "SignatureIncomplete",
    "SignatureKeyUnknown",
    "SignatureMalformed",
    "SignatureMissing",
    "SignatureParameters",
    "SignatureRejected",
    "SignatureStale",
    "VerifiedSignature",
    "Window",
    "make_request_signature",
    "make_response_signature",
    "parse_base",
    "sign_request",
    "sign_response",
    "verify_base",
    "verify_request",
    "verify_response",
]

DEFAULT_LABEL = "sig1"


class MadeSignature(msgspec.Struct, frozen=True, kw_only=True):
    """A signature that we made: the headers to add, and what evidence keeps of it."""

    headers: tuple[tuple[str, str], ...]
    key_id: str
    base: bytes
    signature: bytes


class VerifiedSignature(msgspec.Struct, frozen=True, kw_only=True):
    """A signature that held: whose, when, and the bytes that prove it; `nonce` may be empty."""

    key_id: str
    algorithm: Algorithm
    created: int
    nonce: str
    base: bytes
    signature: bytes
    label: str


def sign_request(
    request: Request,
    profile: Profile,
    signer: Signer,
    *,
    created: int,
    nonce: str,
    label: str = DEFAULT_LABEL,
) -> tuple[tuple[str, str], ...]:
    """Return the headers to add: `signature-input`, `signature`, a missing `content-digest`.

    `created` is in seconds since 1970; `nonce` has 16 to 64 characters and is used once.

    Raises:
        SignatureIncomplete: a field that the profile always covers is absent.
        SignatureMalformed: a value that cannot be signed.
    """
    made = make_request_signature(
        request, profile, signer, created=created, nonce=nonce, label=label
    )
    return made.headers


def sign_response(
    response: Response,
    request: Request,
    profile: Profile,
    signer: Signer,
    *,
    created: int,
    label: str = DEFAULT_LABEL,
) -> tuple[tuple[str, str], ...]:
    """Return the headers to add to the answer, bound to this request; as `sign_request`."""
    made = make_response_signature(response, request, profile, signer, created=created, label=label)
    return made.headers


def make_request_signature(
    request: Request,
    profile: Profile,
    signer: Signer,
    *,
    created: int,
    nonce: str,
    label: str = DEFAULT_LABEL,
) -> MadeSignature:
    """Return what `sign_request` adds, with the base and the raw signature."""
    added = _missing_digest(request)
    # The digest is added before the base is built: it is one of the covered fields.
    complete = msgspec.structs.replace(request, headers=request.headers + added)
    parameters: dict[str, BareItem] = {
        "created": created,
        "nonce": nonce,
        "keyid": signer.key.key_id,
        "tag": profile.tag,
    }
    made = _make(MessageView(complete), profile, signer, parameters, label)
    return msgspec.structs.replace(made, headers=added + made.headers)


def make_response_signature(
    response: Response,
    request: Request,
    profile: Profile,
    signer: Signer,
    *,
    created: int,
    label: str = DEFAULT_LABEL,
) -> MadeSignature:
    """Return what `sign_response` adds, with the base and the raw signature."""
    added = _missing_digest(response)
    complete = msgspec.structs.replace(response, headers=response.headers + added)
    parameters: dict[str, BareItem] = {
        "created": created,
        "keyid": signer.key.key_id,
        "tag": profile.tag,
    }
    made = _make(MessageView(complete, request), profile, signer, parameters, label)
    return msgspec.structs.replace(made, headers=added + made.headers)


def verify_request(
    request: Request, profile: Profile, find_key: FindKey, *, now: datetime
) -> VerifiedSignature:
    """Accept the request's one signature with the profile's tag.

    `find_key` gives a live key of the authenticated sender. That the nonce is used once is for
    the caller to see to.

    Raises:
        SignatureRejected: or a kind of it, by the first reason found.
    """
    return _verify(MessageView(request), profile, find_key, now)


def verify_response(
    response: Response, request: Request, profile: Profile, find_key: FindKey, *, now: datetime
) -> VerifiedSignature:
    """Accept the answer's one signature, over the answer and over this request as it was sent.

    Raises:
        SignatureRejected: or a kind of it, by the first reason found.
    """
    return _verify(MessageView(response, request), profile, find_key, now)


def verify_base(base: bytes, signature: bytes, key: PublicKey, *, profile: Profile) -> ParsedBase:
    """Accept a stored signature, and return what its base says. No message, no clock.

    Raises:
        SignatureIncomplete: the base lacks what the profile always covers.
        SignatureRejected: another tag, another key, or wrong bytes.
    """
    parsed = parse_base(base)
    # The tag keeps a signature for one purpose from standing for another (section 7.2.7).
    if parsed.parameters.tag != profile.tag:
        raise SignatureRejected(detail="a base with another tag")
    named = dict(parsed.components)
    for component in (*profile.always, *profile.from_request):
        # A valid signature over too little proves too little: the base itself must show the
        # coverage.
        if component.name + component.suffix not in named:
            raise SignatureIncomplete(detail=f"{component.name} is not covered")
    # The base names its key: whoever brings another key brings another claim.
    if parsed.parameters.key_id != key.key_id:
        raise SignatureKeyUnknown(detail="a base that names another key")
    require_signature(key, parsed.parameters, base=base, signature=signature)
    return parsed


def _make(
    view: MessageView,
    profile: Profile,
    signer: Signer,
    parameters: dict[str, BareItem],
    label: str,
) -> MadeSignature:
    covered = cover(list_required(view, profile), parameters)
    base = build_base(view, covered)
    signature = signer.sign(base)
    headers = (
        ("signature-input", f"{label}={covered.text}"),
        ("signature", f"{label}=:{b64encode(signature).decode('ascii')}:"),
    )
    return MadeSignature(headers=headers, key_id=signer.key.key_id, base=base, signature=signature)


def _missing_digest(message: Message) -> tuple[tuple[str, str], ...]:
    if not message.body or any(name == "content-digest" for name, _ in message.headers):
        return ()
    return (("content-digest", format_digest(message.body)),)


def _verify(
    view: MessageView, profile: Profile, find_key: FindKey, now: datetime
) -> VerifiedSignature:
    # Cheap checks first, so that a stranger cannot buy a signature check with a header: form, age,
    # key, coverage, body, and the curve last.
    label, listed = find_tagged(view, profile.tag)
    covered = check_listed(listed)
    signature = get_signature(view, label)
    created, nonce = require_fresh(covered.parameters, profile, now)
    key = require_key(covered.parameters, find_key)
    require_coverage(view, covered, list_required(view, profile))
    # The signature covers the digest, and only this ties the digest to the body (section 7.2.8).
    require_body(view)
    base = build_base(view, covered)
    require_signature(key, covered.parameters, base=base, signature=signature)
    return VerifiedSignature(
        key_id=key.key_id,
        algorithm=key.algorithm,
        created=created,
        nonce=nonce,
        base=base,
        signature=signature,
        label=label,
    )
