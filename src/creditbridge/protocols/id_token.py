"""An ID token, as in OpenID Connect Core 1.0: who said yes, told to one client, under a pseudonym.

The subject is pairwise (section 8.1): one person is somebody else for each sector, and nobody
without the secret can tell that two subjects are one person, or who it is.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import timedelta

import msgspec

from creditbridge.protocols.jws import TokenSigner, sign_compact

LIFE = timedelta(seconds=300)
TYPE = "JWT"
_SUBJECT_DOMAIN = b"creditbridge-subject-v1"


class IdToken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The claims of an ID token (section 2); instants in seconds since 1970.

    `nonce` is as the client sent it, and absent where it sent none.
    """

    iss: str
    sub: str
    aud: str
    exp: int
    iat: int
    auth_time: int | None = None
    nonce: str | None = None


def derive_subject(secret: bytes, *, sector: str, person: str) -> str:
    """Return a person's subject in a sector: 43 characters, the same at every sign-in.

    `secret` is 32 bytes; with another one everybody is a stranger everywhere.
    """
    # Neither name can hold a zero byte: no two pairs make one message.
    message = b"\x00".join((_SUBJECT_DOMAIN, sector.encode(), person.encode()))
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def sign_id_token(claims: IdToken, signer: TokenSigner) -> str:
    """Return the token in its compact form, with the name of the key in its header."""
    return sign_compact(msgspec.json.encode(claims), signer, typ=TYPE)
