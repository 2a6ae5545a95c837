"""Signed tokens in the compact form, as in RFC 7515, under the house's narrow profile.

One form, three algorithms, one key that the receiver chose beforehand: nothing in a token may bring
a key, fetch one, or change how the signature is made. Whatever the payload means is the caller's.
"""

import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Collection
from typing import Protocol

import msgspec
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from creditbridge.foundation.errors import SignatureInvalid, Untrusted
from creditbridge.protocols.strict_json import JsonMalformed, JsonValue, parse

TOKEN_CHARACTERS_MAX = 16_384
HEADER_CHARACTERS_MAX = 1_024
SIGNATURE_CHARACTERS_MAX = 1_024
KEY_ID_CHARACTERS_MAX = 256

SEGMENT_PATTERN = re.compile(r"[A-Za-z0-9_-]+")
# Each of these brings a key, changes the signing input, or belongs to encryption (sections 4.1.2
# to 4.1.6 and 4.1.11; RFC 7797; RFC 7516). None has a use here, so none is even looked into.
REFUSED_MEMBERS = frozenset({"b64", "crit", "cty", "enc", "jku", "jwk", "p2c", "x5c", "x5u", "zip"})
# The media type may come without its prefix (section 4.1.9).
TYPE_PREFIX = "application/"


class TokenRejected(Untrusted):
    """A token that cannot be accepted: its form, its algorithm, its type, its key or its bytes."""

    code = "token-rejected"
    message = "The signed token could not be accepted."


class VerifyingKey(Protocol):
    """A public key with its name and the one algorithm it verifies."""

    @property
    def key_id(self) -> str:
        """The name under which the owner registered it."""
        ...

    @property
    def algorithm(self) -> str:
        """The JOSE name of its algorithm (RFC 7518, section 3.1)."""
        ...

    def verify(self, signature: bytes, message: bytes) -> None:
        """Accept the raw signature, or raise `SignatureInvalid`."""
        ...


class TokenSigner(Protocol):
    """Whoever holds one private key that signs tokens: a signer of messages, or an RSA key."""

    @property
    def key(self) -> VerifyingKey:
        """The public half, with its key id and its algorithm."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the raw signature."""
        ...


class TokenSigners(Protocol):
    """A purpose that tokens are signed for: its key changes in time, by a rotation."""

    def current(self) -> TokenSigner:
        """Return the key to sign with now; hold it for one token, as the next may have another."""
        ...


def sign_compact(claims: bytes, signer: TokenSigner, *, typ: str) -> str:
    """Return the token over the claims as they are: `header.payload.signature`."""
    header = {"alg": signer.key.algorithm, "kid": signer.key.key_id, "typ": typ}
    signed = f"{_encode(msgspec.json.encode(header))}.{_encode(claims)}"
    return f"{signed}.{_encode(signer.sign(signed.encode('ascii')))}"


def verify_compact(
    token: str,
    find_key: Callable[[str], VerifyingKey | None],
    *,
    typ: str | None,
    algorithms: Collection[str],
) -> bytes:
    """Return the payload of a token that one of the caller's keys signed.

    `find_key` gets the token's `kid`, or "" where it has none. `typ` is the type that the token
    must declare; None accepts `JWT` and no type at all, as older issuers write it.

    Raises:
        TokenRejected: the first reason found; nothing of the token is repeated in it.
    """
    header, payload, signature = split_compact(token)
    key = _require_key(_parse_header(header, typ, algorithms), find_key)
    try:
        key.verify(signature, token.rpartition(".")[0].encode("ascii"))
    except SignatureInvalid as error:
        raise TokenRejected(detail=error.detail) from error
    return payload


class Unverified(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says of itself; good for looking up who must prove it, and nothing else."""

    algorithm: str
    key_id: str
    payload: bytes


def read_unverified(token: str, *, typ: str | None, algorithms: Collection[str]) -> Unverified:
    """Return what a token says of itself, under every rule of `verify_compact` but the signature.

    Raises:
        TokenRejected: `verify_compact` would refuse it whatever the key.
    """
    header, payload, _ = split_compact(token)
    parsed = _parse_header(header, typ, algorithms)
    return Unverified(algorithm=parsed.algorithm, key_id=parsed.key_id, payload=payload)


def split_compact(
    token: str, *, header_characters_max: int = HEADER_CHARACTERS_MAX
) -> tuple[bytes, bytes, bytes]:
    """Return header, payload and signature of a token, decoded and nothing more.

    Raises:
        TokenRejected: not three segments of canonical base64url, or one that is too long.
    """
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise TokenRejected(detail=f"a token of {len(token)} characters")
    segments = token.split(".")
    if len(segments) != len(("header", "payload", "signature")):
        raise TokenRejected(detail=f"{len(segments)} segments")
    # Too long a segment is refused before a byte of it is decoded.
    limits = (header_characters_max, TOKEN_CHARACTERS_MAX, SIGNATURE_CHARACTERS_MAX)
    if any(len(segment) > limit for segment, limit in zip(segments, limits, strict=True)):
        raise TokenRejected(detail="a header or signature that is too long")
    header, payload, signature = map(_decode, segments)
    return header, payload, signature


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    algorithm: str
    key_id: str


def _parse_header(raw: bytes, typ: str | None, algorithms: Collection[str]) -> _Header:
    header = _read_members(raw, algorithms)
    if not _is_type(header.get("typ"), typ):
        raise TokenRejected(detail="another type of token")
    # Exactly as listed: `none`, `nOnE` and every MAC fall through here (RFC 8725, section 3.1).
    algorithm, key_id = header.get("alg"), header.get("kid", "")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise TokenRejected(detail="an algorithm that is not accepted here")
    if not isinstance(key_id, str) or len(key_id) > KEY_ID_CHARACTERS_MAX:
        raise TokenRejected(detail="a key id that is too long")
    return _Header(algorithm=algorithm, key_id=key_id)


def _read_members(raw: bytes, algorithms: Collection[str]) -> dict[str, JsonValue]:
    """Return the header's members: one strict JSON object with nothing that is refused here."""
    try:
        members = parse(raw)
    except JsonMalformed as error:
        raise TokenRejected(detail=f"header: {error.prose}") from error
    if not isinstance(members, dict):
        raise TokenRejected(detail="a header that is no object")
    header: dict[str, JsonValue] = {**members}
    if not REFUSED_MEMBERS.isdisjoint(header):
        raise TokenRejected(detail="a header member that is not accepted here")
    try:
        # Types of the registered members, as a second reader sees them.
        JWSRegistry(algorithms=algorithms, strict_check_header=False).check_header(header)
    except JoseError as error:
        raise TokenRejected(detail=error.error) from error
    return header


def _is_type(declared: JsonValue, typ: str | None) -> bool:
    if declared is None:
        return typ is None
    # Media types are compared without regard to case (section 4.1.9).
    name = str(declared).lower().removeprefix(TYPE_PREFIX)
    return name == (typ or "JWT").lower().removeprefix(TYPE_PREFIX)


def _require_key(header: _Header, find_key: Callable[[str], VerifyingKey | None]) -> VerifyingKey:
    if (key := find_key(header.key_id)) is None:
        raise TokenRejected(detail="no live key of that name")
    # The key's own algorithm decides; the token only repeats it (RFC 8725, section 3.1).
    if key.algorithm != header.algorithm:
        raise TokenRejected(detail="an algorithm that is not the key's")
    return key


def _encode(raw: bytes) -> str:
    return b64encode(raw, altchars=b"-_").rstrip(b"=").decode("ascii")


def _decode(segment: str) -> bytes:
    """Return the bytes of canonical base64url: its alphabet, no padding, no stray last bits."""
    if not SEGMENT_PATTERN.fullmatch(segment):
        raise TokenRejected(detail="a segment that is empty or not base64url")
    if len(segment) % 4 == 1:
        raise TokenRejected(detail="a segment of impossible length")
    raw = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    # Two spellings of one token would pass a replay check as two tokens.
    if _encode(raw) != segment:
        raise TokenRejected(detail="a segment with stray bits at its end")
    return raw
