"""The fault scripts: what a fixed enterprise does to an answer that would have been right."""

import secrets
from base64 import b64encode
from datetime import datetime, timedelta

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from creditbridge.foundation.keys import FileKey, PublicKey, name_key
from creditbridge.protocols.http_signatures import Request
from creditsandbox.province.fixed import Outcome, list_fixed

RETRY_AFTER_SECONDS = 5
REPLAY_AGE_SECONDS = 600  # Well outside of any signature's window.
# The example of the contract: no gateway of today asks under it.
OLDER_QUERY_ID = "qry_01jdc4t7p9e2s8v5x3y6z0a1b2"
# Who is answered about, where the answer is about another enterprise.
STRANGER_USCC = next(
    fixed.uscc for fixed in list_fixed() if fixed.outcome is Outcome.NOTHING_ADVERSE
)


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer is spoilt; as it stands, not at all."""

    is_down: bool = False
    delay_seconds: float = 0.0
    is_cut: bool = False
    has_wrong_key: bool = False
    about: str | None = None
    is_replayed: bool = False


NO_SCRIPT = Script()
_SCRIPTS = {
    Outcome.DOWN: Script(is_down=True),
    Outcome.CUT: Script(is_cut=True),
    Outcome.WRONG_SIGNATURE: Script(has_wrong_key=True),
    Outcome.OTHER_ENTERPRISE: Script(about=STRANGER_USCC),
    Outcome.REPLAYED: Script(is_replayed=True),
}


def find_script(outcome: Outcome | None, *, slow_seconds: float) -> Script:
    """Return what happens to an answer under an outcome; nothing, for nearly all."""
    if outcome is None:
        return NO_SCRIPT
    if outcome is Outcome.SLOW:
        return Script(delay_seconds=slow_seconds)
    return _SCRIPTS.get(outcome, NO_SCRIPT)


def make_impostor(key: PublicKey) -> FileKey:
    """Return a fresh key that goes by another's key id."""
    private = ec.generate_private_key(ec.SECP256R1())
    return FileKey(key=name_key(private.public_key(), key_id=key.key_id), private=private)


def make_older(request: Request, *, label: str, now: datetime) -> tuple[Request, datetime]:
    """Return a request as it might have come ten minutes ago, and that instant.

    It is the same but for its signature, so an answer bound to it fits no request of today.
    """
    signature = f"{label}=:{b64encode(secrets.token_bytes(64)).decode('ascii')}:"
    headers = tuple(
        (name, signature if name == "signature" else value) for name, value in request.headers
    )
    older = msgspec.structs.replace(request, headers=headers)
    return older, now - timedelta(seconds=REPLAY_AGE_SECONDS)
