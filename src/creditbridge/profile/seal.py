"""The seal of a profile: the gateway's signature over its canonical form (RFC 8785).

    signature over "creditbridge-profile-v1" || 0x00 || JCS(profile without seal)

A signature suite without a registered JOSE name fits as well: only `alg` and `kid` name it.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

import msgspec

from creditbridge.foundation.errors import Malformed, SignatureInvalid, Untrusted
from creditbridge.foundation.keys import PublicKey, Signer
from creditbridge.profile.model import Profile, ProfileDraft, Seal
from creditbridge.protocols.canonical_json import JsonValue, canonicalize, require_canonical

SEAL_DOMAIN = b"creditbridge-profile-v1\0"


class SealInvalid(Untrusted):
    """A profile's seal does not fit its bytes, or its key is not known here."""

    code = "seal-invalid"
    message = "The profile's seal could not be verified."


class SealedProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A profile and the exact bytes that its bank gets: canonical JSON with the seal."""

    profile: Profile
    raw: bytes


def seal_profile(draft: ProfileDraft, signer: Signer) -> SealedProfile:
    """Return the profile with its seal."""
    value: dict[str, JsonValue] = msgspec.to_builtins(draft, str_keys=True)
    signature = signer.sign(SEAL_DOMAIN + canonicalize(value))
    seal = Seal(
        alg=signer.key.algorithm,
        kid=signer.key.key_id,
        value=urlsafe_b64encode(signature).rstrip(b"=").decode("ascii"),
    )
    # The bytes leave as they are hashed and recorded: nobody serializes them a second time.
    raw = canonicalize({**value, "seal": msgspec.to_builtins(seal)})
    return SealedProfile(profile=Profile(**msgspec.structs.asdict(draft), seal=seal), raw=raw)


def verify_seal(raw: bytes, find_key: Callable[[str], PublicKey | None]) -> Profile:
    """Return the profile that the bytes hold, once its seal is verified.

    Raises:
        SealInvalid: not canonical, no seal, another key or algorithm, a byte changed, or no
            profile of this version.
    """
    try:
        value = require_canonical(raw)
        if not isinstance(value, dict):
            raise SealInvalid(detail="no object")
        # Taken out before the bytes are made again: the signature is over everything but itself.
        seal = msgspec.convert(value.pop("seal", None), Seal)
        _require_signature(seal, SEAL_DOMAIN + canonicalize(value), find_key)
        return msgspec.json.decode(raw, type=Profile)
    except (Malformed, SignatureInvalid) as error:
        raise SealInvalid(detail=error.detail) from error
    except msgspec.ValidationError as error:
        raise SealInvalid(detail=str(error)) from error


def _require_signature(
    seal: Seal, message: bytes, find_key: Callable[[str], PublicKey | None]
) -> None:
    key = find_key(seal.kid)
    # The key decides on the algorithm; a seal that claims another is not by it.
    if key is None or key.algorithm != seal.alg:
        raise SealInvalid(detail=f"no key {seal.kid} for {seal.alg}")
    key.verify(_decode(seal.value), message)


def _decode(text: str) -> bytes:
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise SealInvalid(detail="no base64url") from error
    # One signature has one spelling (RFC 4648, section 3.5): stray bits would be a second one.
    if urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != text:
        raise SealInvalid(detail="base64url with padding or stray bits")
    return raw
