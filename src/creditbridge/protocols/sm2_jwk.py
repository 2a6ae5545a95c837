"""An SM2 public key as JSON, in the members of RFC 7517.

No JOSE name of the curve or of the signature is registered, so these are the house's own words;
such a key never signs a token, and stands in no published key set.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from creditbridge.foundation.libcrypto import Libcrypto, Sm2Failed
from creditbridge.protocols.jwk import KeyMalformed
from creditbridge.protocols.sm2_keys import (
    EXAMPLE_MESSAGE,
    SPKI_HEAD,
    Sm2PublicKey,
    name_sm2_key,
)
from creditbridge.protocols.sm2_message import SUITE

CURVE = "SM2"
UNCOMPRESSED = b"\x04"
COORDINATE_BYTES = 32
_COORDINATE = re.compile(r"[A-Za-z0-9_-]{43}")


def is_sm2_jwk(members: Mapping[str, str]) -> bool:
    """Tell whether a key calls itself one of SM2."""
    return members.get("crv") == CURVE


def format_sm2_jwk(key: Sm2PublicKey) -> dict[str, str]:
    """Return the public members, with `kid`, `use` and `alg`."""
    point = key.spki.removeprefix(SPKI_HEAD + UNCOMPRESSED)
    return {
        "kty": "EC",
        "crv": CURVE,
        "x": _base64url(point[:COORDINATE_BYTES]),
        "y": _base64url(point[COORDINATE_BYTES:]),
        "alg": SUITE,
        "kid": key.key_id,
        "use": "sig",
    }


def parse_sm2_jwk(members: Mapping[str, str], library: Libcrypto) -> Sm2PublicKey:
    """Return the key.

    Raises:
        KeyMalformed: other members than `format_sm2_jwk` writes, or no point of the curve.
    """
    x, y = members.get("x", ""), members.get("y", "")
    if _COORDINATE.fullmatch(x) is None or _COORDINATE.fullmatch(y) is None:
        raise KeyMalformed(detail="coordinates")
    point = UNCOMPRESSED + urlsafe_b64decode(f"{x}=") + urlsafe_b64decode(f"{y}=")
    key = name_sm2_key(point, library, key_id=members.get("kid"))
    # One spelling for one key, and no member that nobody here would look at.
    if dict(members) != format_sm2_jwk(key):
        raise KeyMalformed(detail="other members than an SM2 key has")
    try:
        key.wrap(EXAMPLE_MESSAGE)
    except Sm2Failed as error:
        raise KeyMalformed(detail="not a point of sm2p256v1") from error
    return key


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
