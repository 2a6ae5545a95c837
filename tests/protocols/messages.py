"""Messages of a bank and of a platform, signed by known keys at a known time."""

from base64 import b64encode
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from msgspec.structs import replace

from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    BANK_RESPONSE,
    Profile,
    Request,
    Response,
    VerifiedSignature,
    sign_request,
    sign_response,
    verify_request,
    verify_response,
)
from creditbridge.protocols.signature_base import Component, MessageView
from creditbridge.protocols.signature_input import build_base, cover
from creditbridge.protocols.signature_profile import list_required
from creditbridge.protocols.structured_fields import BareItem

CREATED = 1_700_000_000
NOW = datetime.fromtimestamp(CREATED, tz=UTC)
NONCE = "nonce-0123456789abcdef"
BODY = b'{"uscc":"91350100M000100Y43"}'

EC_PRIVATE = ec.derive_private_key(0x1234_5678_9ABC_DEF0, ec.SECP256R1())
ED_PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
EC_KEY = FileKey(key=name_key(EC_PRIVATE.public_key(), key_id="ec"), private=EC_PRIVATE)
ED_KEY = FileKey(key=name_key(ED_PRIVATE.public_key(), key_id="ed"), private=ED_PRIVATE)
KEYS = {"ec": EC_KEY.key, "ed": ED_KEY.key}

REQUEST = Request(
    method="POST",
    target_uri="https://gateway.example/v1/reports?view=full&lang=zh",
    headers=(
        ("host", "gateway.example"),
        ("authorization", "Bearer cbt_token"),
        ("idempotency-key", '"key-1"'),
        ("x-fapi-interaction-id", "c3d4"),
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("traceparent", "00-00000000000000000000000000000001-0000000000000001-01"),
    ),
    body=BODY,
)
QUERY = Request(
    method="POST",
    target_uri="https://platform.example/v1/queries",
    headers=(
        ("creditbridge-query-id", "qry_1"),
        ("creditbridge-consent", ":e30=:"),
        ("authorization", "Bearer token"),
        ("content-type", "application/json"),
    ),
    body=BODY,
)
ANSWER = Response(
    status=200,
    headers=(
        ("content-type", "application/json"),
        ("creditbridge-receipt", ":AAAA:"),
        ("x-fapi-interaction-id", "c3d4"),
    ),
    body=b'{"sections":{}}',
)


def signed(
    request: Request = REQUEST, profile: Profile = BANK_REQUEST, key: FileKey = EC_KEY
) -> Request:
    """The request with its signature."""
    added = sign_request(request, profile, key, created=CREATED, nonce=NONCE)
    return replace(request, headers=request.headers + added)


def answered(
    request: Request, profile: Profile = BANK_RESPONSE, response: Response = ANSWER
) -> Response:
    """The response with its signature, bound to the request."""
    added = sign_response(response, request, profile, ED_KEY, created=CREATED)
    return replace(response, headers=response.headers + added)


def verify(request: Request, profile: Profile = BANK_REQUEST) -> VerifiedSignature:
    """Verify now, with both keys."""
    return verify_request(request, profile, KEYS.get, now=NOW)


def verify_answer(
    response: Response, request: Request, profile: Profile = BANK_RESPONSE
) -> VerifiedSignature:
    """Verify the answer now, with both keys."""
    return verify_response(response, request, profile, KEYS.get, now=NOW)


def with_header(request: Request, name: str, value: str | None) -> Request:
    """The request with one header replaced, or without it."""
    kept = tuple(header for header in request.headers if header[0] != name)
    return replace(request, headers=kept if value is None else (*kept, (name, value)))


def edit(request: Request, name: str, old: str, new: str) -> Request:
    """The request with a piece of one header changed; the piece must be there."""
    value = dict(request.headers)[name]
    assert old in value
    return with_header(request, name, value.replace(old, new))


def sign_anyhow(
    parameters: dict[str, BareItem],
    *,
    request: Request = REQUEST,
    dropped: str = "",
    added: tuple[Component, ...] = (),
    label: str = "sig1",
) -> Request:
    """A request whose signature holds, with whatever parameters and components a sender likes."""
    body = replace(signed(request), headers=signed(request).headers[:-2])
    view = MessageView(body)
    components = [part for part in list_required(view, BANK_REQUEST) if part.name != dropped]
    covered = cover([*components, *added], parameters)
    signature = b64encode(EC_KEY.sign(build_base(view, covered))).decode()
    mine = (("signature-input", f"{label}={covered.text}"), ("signature", f"{label}=:{signature}:"))
    return replace(body, headers=body.headers + mine)


def right_parameters(**changes: BareItem) -> dict[str, BareItem]:
    """The parameters of a good request, changed; None takes one away."""
    right: dict[str, BareItem] = {
        "created": CREATED,
        "nonce": NONCE,
        "keyid": "ec",
        "tag": "fapi-2-request",
    }
    return {**right, **changes}
