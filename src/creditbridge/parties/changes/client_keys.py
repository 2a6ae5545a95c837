"""Message keys of a client begin and end, with an overlap in which both verify."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.keys import PublicKey, thumbprint
from creditbridge.parties.changes.body import ChangeMalformed, read_body
from creditbridge.parties.changes.standing import make_key, take_client
from creditbridge.parties.model import Applied, Change, ClientKey, Registration
from creditbridge.parties.onboarding import KEYS_MAX, OnboardingClash
from creditbridge.parties.rules import is_live, read_jose_key
from creditbridge.parties.store import banks, clients
from creditbridge.protocols.jwk import parse_jwk

OVERLAP_SECONDS_MAX = 2_592_000  # 30 days.


class KeyUnknown(Refused):
    """A key that is to end is no live key of this client."""

    code = "client-key-unknown"
    message = "A key that is to end is not a live key of this client."


class KeysElsewhere(Refused):
    """The client publishes its keys itself; nobody registers others."""

    code = "client-keys-elsewhere"
    message = "The client publishes its keys itself (`jwks_uri`); change them there."


class KeysMiscounted(Refused):
    """The client would be left without a key that it needs, or with too many."""

    code = "client-keys-miscounted"
    message = "A client keeps at most 8 live keys, and one that does not end if it must sign."


class ClientKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a change of keys: public JWKs (RFC 7517) to add, ids of keys to end.

    What ends verifies for `overlap_seconds` from the approval on; 0 where a key was lost.
    """

    client_id: str
    add: tuple[dict[str, str], ...]
    end: tuple[str, ...]
    overlap_seconds: Annotated[int, msgspec.Meta(ge=0, le=OVERLAP_SECONDS_MAX)]


def read(body: bytes) -> ClientKeys:
    """Return the keys that a body adds and ends.

    Raises:
        Malformed: not the canonical body of this kind, no key at all, too many, one twice, or one
            that is no public key.
    """
    change = read_body(body, ClientKeys)
    added = _list_added(change)
    names = [*(key.key_id for key in added), *change.end]
    _require_distinct(names, added)
    if not names or len(added) > KEYS_MAX or len(change.end) > KEYS_MAX:
        raise ChangeMalformed(detail=f"{len(names)} keys")
    # PostgreSQL takes no zero byte, and an officer's terminal would obey an escape.
    if not all(name.isprintable() for name in names):
        raise ChangeMalformed(detail="a key id that does not print")
    return change


def _require_distinct(names: Sequence[str], added: Sequence[PublicKey]) -> None:
    prints = {thumbprint(key.material) for key in added}
    # One key under two names is one key (RFC 7638 sees the material alone).
    if len(set(names)) != len(names) or len(prints) != len(added):
        raise ChangeMalformed(detail="a key twice")


async def apply(tx: Transaction, change: Change) -> Applied:
    """Add and end the keys at once; who signed with either is believed throughout the overlap.

    Raises:
        Refused: no such client or live key, a key that anybody holds or held already, or none that
            stays where the client must sign.
    """
    asked = read(change.body)
    registration = await take_client(tx, asked.client_id)
    client, added = registration.client, _list_added(asked)
    if client.jwks_uri is not None:
        raise KeysElsewhere
    _require_kept(registration, asked, now=tx.now)
    keys = [
        (make_key(client.client_id, key, now=tx.now), thumbprint(key.material)) for key in added
    ]
    # A key that ended never comes back, not even to its own client: it ended for a reason.
    if await banks.is_key_taken(tx, keys):
        raise OnboardingClash
    end_at = tx.now + timedelta(seconds=asked.overlap_seconds)
    await clients.end_keys(tx, client.client_id, list(asked.end), at=end_at)
    for key, name in keys:
        await banks.add_key(tx, key, thumbprint=name)
    return Applied(
        subject=registration.bank,
        client=client,
        keys_added=frozenset(key.key_id for key in added),
        keys_ended=frozenset(asked.end),
        keys_end_at=end_at if asked.end else None,
    )


def _list_added(change: ClientKeys) -> Sequence[PublicKey]:
    return tuple(map(parse_jwk, change.add))


def _require_kept(registration: Registration, asked: ClientKeys, *, now: datetime) -> None:
    live = [key for key in registration.keys if is_live(key, now=now)]
    if not {key.key_id for key in live} >= set(asked.end):
        raise KeyUnknown
    _require_signing(registration, live, asked)
    if len(live) + len(asked.add) > KEYS_MAX:
        raise KeysMiscounted


def _require_signing(
    registration: Registration, live: Sequence[ClientKey], asked: ClientKeys
) -> None:
    staying = [key for key in live if _stays(key, asked)]
    # Without a key nothing that the client sends could ever be verified (RFC 9421, section 3.2).
    if registration.client.requires_signature and not (staying or asked.add):
        raise KeysMiscounted


def _stays(key: ClientKey, asked: ClientKeys) -> bool:
    # An RSA key signs assertions and no message (PROTOCOLS H2): it is none that could stay for it.
    signs = isinstance(read_jose_key(key.jwk), PublicKey)
    return signs and key.ends_at is None and key.key_id not in asked.end
