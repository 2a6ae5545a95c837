"""Proofs that whoever sends a request holds a key, as in RFC 9449 (DPoP).

A proof is a signed token of its own for each request; it brings the public key that verifies it,
and what it proves is no more than that: the sender of this request, now, holds that key. Whether it
is the key of a token, and whether the proof came before, its reader decides.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

from creditbridge.foundation.errors import SignatureInvalid, Untrusted
from creditbridge.foundation.keys import Algorithm
from creditbridge.foundation.rsa_keys import PS256, JoseKey, thumbprint_of
from creditbridge.protocols.dpop_nonce import ProofNonces
from creditbridge.protocols.jwk import KeyMalformed, PrivateMemberFound
from creditbridge.protocols.jws import REFUSED_MEMBERS, TokenRejected, split_compact
from creditbridge.protocols.rsa_jwk import parse_jose_jwk
from creditbridge.protocols.strict_json import JsonMalformed, JsonValue, parse

PROOF_TYPE = "dpop+jwt"
ALGORITHMS: tuple[str, ...] = (PS256, Algorithm.ES256, Algorithm.ED25519)
PAST_SECONDS = 60
FUTURE_SECONDS = 30
# A proof can be in time for 90 s; who remembers it so long sees every repetition.
LIFE_SECONDS = 120

HEADER_CHARACTERS_MAX = 2_048  # an RSA key of 4,096 bits, and room for what is passed over
JTI_CHARACTERS_MAX = 256
HTTPS_PORT = 443
# What the library would drop in silence, line feeds and tabs among it, is in no address.
_PLAIN = re.compile(r"[\x21-\x7e]+")
# A proof may bring its key (RFC 9449, section 4.2), and nothing else that changes how it is read.
_REFUSED_MEMBERS = REFUSED_MEMBERS - {"jwk"}


class ProofFault(StrEnum):
    """What is wrong with a proof; the value is the sentence for the engineer who sent it."""

    MISSING = "Send one DPoP proof, in the DPoP header."
    SEVERAL = "Send one DPoP proof, in one DPoP header."
    FORM = "The DPoP proof is no signed token of three parts in base64url."
    TYPE = "The DPoP proof must have the type dpop+jwt."
    ALGORITHM = "The DPoP proof must be signed with PS256, ES256 or EdDSA."
    KEY = "The DPoP proof must hold its public key as jwk: RSA, EC P-256 or OKP Ed25519."
    PRIVATE = "The DPoP proof holds a private key; make a new key, send its public half."
    SIGNATURE = "The signature of the DPoP proof does not verify with its own key."
    CLAIMS = "The DPoP proof must have the claims jti, htm, htu and iat."
    METHOD = "The claim htm is not the method of this request."
    TARGET = "The claim htu is not the address of this request."
    TIME = "The DPoP proof is too old or too new; check the clock."
    NONCE = "The DPoP proof must hold the newest nonce that the server sent in DPoP-Nonce."
    TOKEN = "The claim ath is not the hash of the access token."  # noqa: S105 - a sentence
    REPLAYED = "The DPoP proof was received before; make a new one for each request."
    UNWANTED = "The tokens of this client are bound to its certificate; send no DPoP proof."


class ProofRejected(Untrusted):
    """A proof that proves nothing about this request."""

    code = "dpop-proof-rejected"
    message = "The DPoP proof could not be accepted."

    def __init__(self, fault: ProofFault, *, detail: str = "") -> None:
        super().__init__(fault.value, detail=detail)
        self.fault = fault


class ProvenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The request that a proof must be about, at the address that callers were told.

    `nonces` are those that the server wants in a proof; None where it asks for none.
    """

    method: str
    target_uri: str
    access_token: str | None = None
    nonces: ProofNonces | None = None


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof proves: the holder of this key made it for this request.

    `key_thumbprint` is that of RFC 7638, 43 characters (`jkt`, section 6.1).
    """

    key_thumbprint: str
    jti: str


def verify_proof(headers: Sequence[str], request: ProvenRequest, *, now: datetime) -> Proof:
    """Return what the one DPoP header of a request proves (section 4.3).

    Raises:
        ProofRejected: the first fault found; nothing of the proof is repeated in it.
    """
    if len(headers) != 1:
        raise ProofRejected(ProofFault.SEVERAL if headers else ProofFault.MISSING)
    token = headers[0]
    try:
        parts = split_compact(token, header_characters_max=HEADER_CHARACTERS_MAX)
    except TokenRejected as error:
        raise ProofRejected(ProofFault.FORM, detail=error.detail) from error
    key = _read_key(_parse_object(parts[0]))
    try:
        key.verify(parts[2], token.rpartition(".")[0].encode("ascii"))
    except SignatureInvalid as error:
        raise ProofRejected(ProofFault.SIGNATURE) from error
    jti = _require_claims(_parse_object(parts[1]), request, now=now)
    return Proof(key_thumbprint=thumbprint_of(key), jti=jti)


def hash_token(access_token: str) -> str:
    """Return what the claim `ath` must be: base64url of SHA-256 over the token (section 4.2)."""
    return _base64url(hashlib.sha256(access_token.encode("ascii")).digest())


def _parse_object(raw: bytes) -> Mapping[str, JsonValue]:
    try:
        members = parse(raw)
    except JsonMalformed as error:
        raise ProofRejected(ProofFault.FORM, detail=error.prose) from error
    if not isinstance(members, Mapping):
        raise ProofRejected(ProofFault.FORM, detail="no object")
    return members


def _read_key(header: Mapping[str, JsonValue]) -> JoseKey:
    if header.get("typ") != PROOF_TYPE:
        raise ProofRejected(ProofFault.TYPE)
    # Exactly as listed: `none` and every MAC fall through here (RFC 8725, section 3.1).
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise ProofRejected(ProofFault.ALGORITHM)
    if not _REFUSED_MEMBERS.isdisjoint(header):
        raise ProofRejected(ProofFault.FORM, detail="a header member that is not accepted here")
    members = header.get("jwk")
    if not isinstance(members, Mapping):
        raise ProofRejected(ProofFault.KEY)
    try:
        key = parse_jose_jwk(members)
    except PrivateMemberFound as error:
        raise ProofRejected(ProofFault.PRIVATE) from error
    except KeyMalformed as error:
        raise ProofRejected(ProofFault.KEY, detail=error.detail) from error
    # The key's own algorithm decides; the header only repeats it (RFC 8725, section 3.1).
    if key.algorithm != algorithm:
        raise ProofRejected(ProofFault.ALGORITHM)
    return key


def _require_claims(
    claims: Mapping[str, JsonValue], request: ProvenRequest, *, now: datetime
) -> str:
    jti, target = claims.get("jti"), claims.get("htu")
    if not isinstance(jti, str) or not isinstance(target, str) or "iat" not in claims:
        raise ProofRejected(ProofFault.CLAIMS)
    if not 0 < len(jti) <= JTI_CHARACTERS_MAX:
        raise ProofRejected(ProofFault.CLAIMS, detail="a jti of another length")
    _require_target(claims.get("htm"), target, request)
    _require_time(claims, now=int(now.timestamp()))
    _require_nonce(claims, request.nonces, now=now)
    # The hash ties the proof to one token: a proof alone, stolen, opens nothing with another.
    if request.access_token is not None and claims.get("ath") != hash_token(request.access_token):
        raise ProofRejected(ProofFault.TOKEN)
    return jti


def _require_target(method: JsonValue, target: str, request: ProvenRequest) -> None:
    if method != request.method:
        raise ProofRejected(ProofFault.CLAIMS if method is None else ProofFault.METHOD)
    if (asked := _normalize(target)) is None or asked != _normalize(request.target_uri):
        raise ProofRejected(ProofFault.TARGET)


def _require_nonce(
    claims: Mapping[str, JsonValue], nonces: ProofNonces | None, *, now: datetime
) -> None:
    # Where none is asked for, one that came along means nothing (section 8).
    if nonces is None:
        return
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not nonces.is_fresh(nonce, now=now):
        raise ProofRejected(ProofFault.NONCE)


def _require_time(claims: Mapping[str, JsonValue], *, now: int) -> None:
    """Accept a proof of the last minute, and one that its own `nbf` and `exp` leave valid."""
    ages = {name: now - _seconds(claims[name]) for name in ("iat", "nbf", "exp") if name in claims}
    is_fresh = -FUTURE_SECONDS <= ages["iat"] <= PAST_SECONDS
    # Not of RFC 9449; where they are sent, they mean what they mean in every token (RFC 7519).
    if not is_fresh or ages.get("nbf", 0) < -FUTURE_SECONDS or ages.get("exp", 0) > FUTURE_SECONDS:
        raise ProofRejected(ProofFault.TIME)


def _seconds(value: JsonValue) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ProofRejected(ProofFault.CLAIMS)
    return value


def _normalize(uri: str) -> tuple[str, str, int, str] | None:
    """Return what counts of an address: scheme, host, port, path; None where it is none.

    Query and fragment do not count (section 4.3); case of scheme and host, the default port and
    the empty path are normalized (RFC 3986, sections 6.2.2 and 6.2.3).
    """
    if not _PLAIN.fullmatch(uri):
        return None
    try:
        parts = urlsplit(uri)
        port = HTTPS_PORT if parts.port is None else parts.port
    except ValueError:
        return None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port, parts.path or "/"


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
