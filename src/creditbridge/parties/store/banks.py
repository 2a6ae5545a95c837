"""Banks, their clients, and the keys of those."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.parties.model import (
    AssertionAlgorithm,
    AuthenticationMethod,
    Bank,
    Client,
    ClientKey,
    KeySet,
    OwnCertificate,
    Registration,
    ResponseMode,
    SenderConstraint,
    Standing,
)
from creditbridge.parties.store import certificates
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.protocols.certificate_binding import SubjectKind, SubjectMatcher


class ClientRow(msgspec.Struct, frozen=True, kw_only=True):
    """A client beside its bank and one of its keys, as one row; without a key where it has none."""

    client_id: str
    bank_id: str
    authentication: AuthenticationMethod
    matcher_kind: str | None
    matcher_value: str | None
    assertion_algorithms: frozenset[AssertionAlgorithm]
    scopes: frozenset[str]
    requires_signature: bool
    state: Standing
    sender_constraint: SenderConstraint
    grant_types: frozenset[str]
    redirect_uris: frozenset[str]
    response_modes: frozenset[ResponseMode]
    requires_request_object: bool
    uscc: str
    legal_name: str
    bank_state: Standing
    purposes: frozenset[Purpose] | None
    sections: frozenset[SectionCode] | None
    paper: bool
    jwks_uri: str | None
    begun_at: datetime | None
    ended_at: datetime | None
    fetched_at: datetime | None
    key_id: str | None
    jwk: bytes | None
    registered_at: datetime | None
    ends_at: datetime | None
    is_fetched: bool | None


# Onboardings come one after the other; readers are not held up.
SERIALIZE = "LOCK TABLE parties_banks IN SHARE ROW EXCLUSIVE MODE"


async def serialize_onboarding(tx: Transaction) -> None:
    """Wait until no other transaction brings in a bank."""
    await tx.execute(SERIALIZE)


IS_BANK_TAKEN = "SELECT EXISTS (SELECT FROM parties_banks WHERE uscc = $1)"


async def is_bank_taken(tx: Transaction, bank: Bank) -> bool:
    """Tell whether a bank of this code is in."""
    return await tx.fetch_value(bool, IS_BANK_TAKEN, bank.uscc) is True


IS_CLIENT_TAKEN = """
    SELECT EXISTS (
            SELECT FROM parties_clients
            WHERE client_id = ANY ($1::text[]) OR jwks_uri = ANY ($2::text[])
        )
        OR EXISTS (
            SELECT FROM parties_clients
            JOIN unnest($3::text[], $4::text[]) AS new (kind, value)
                ON (matcher_kind, matcher_value) = (kind, value)
        )
"""


async def is_client_taken(tx: Transaction, clients: Sequence[Client]) -> bool:
    """Tell whether an id, a certificate subject or a key set's address is somebody's."""
    matchers = [client.matcher for client in clients if client.matcher is not None]
    taken = await tx.fetch_value(
        bool,
        IS_CLIENT_TAKEN,
        [client.client_id for client in clients],
        [client.jwks_uri for client in clients if client.jwks_uri is not None],
        [matcher.kind for matcher in matchers],
        [matcher.value for matcher in matchers],
    )
    return taken is True


# Also across banks: a key that two of them hold proves nothing about either.
IS_KEY_TAKEN = """
    SELECT EXISTS (
            SELECT FROM parties_client_keys
            WHERE key_id = ANY ($1::text[]) AND NOT is_fetched OR thumbprint = ANY ($2::text[])
        )
        OR EXISTS (
            SELECT FROM parties_client_certificates WHERE key_thumbprint = ANY ($2::text[])
        )
"""


async def is_key_taken(tx: Transaction, keys: Sequence[tuple[ClientKey, str]]) -> bool:
    """Tell whether a key is or was somebody's; each comes with its thumbprint."""
    key_ids = [key.key_id for key, _ in keys]
    thumbprints = [thumbprint for _, thumbprint in keys]
    return await tx.fetch_value(bool, IS_KEY_TAKEN, key_ids, thumbprints) is True


ADD_BANK = """
    INSERT INTO parties_banks
        (bank_id, uscc, legal_name, state, onboarded_at, change_id, purposes, sections, paper)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def add_bank(tx: Transaction, bank: Bank, *, change_id: str) -> None:
    """Keep a bank with the change that brought it."""
    row = (bank.bank_id, bank.uscc, bank.legal_name, bank.state, tx.now, change_id)
    await tx.execute(ADD_BANK, *row, *_licence_of(bank))


ADD_CLIENT = """
    INSERT INTO parties_clients (client_id, bank_id, authentication, matcher_kind, matcher_value,
        assertion_algorithms, scopes, requires_signature, state, sender_constraint, grant_types,
        redirect_uris, response_modes, requires_request_object, jwks_uri)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""

ADD_KEY_SET = "INSERT INTO parties_key_sets (client_id) VALUES ($1)"


async def add_client(tx: Transaction, client: Client) -> None:
    """Keep a client of a bank."""
    await tx.execute(
        ADD_CLIENT,
        client.client_id,
        client.bank_id,
        client.authentication,
        None if client.matcher is None else client.matcher.kind,
        None if client.matcher is None else client.matcher.value,
        sorted(client.assertion_algorithms),
        sorted(client.scopes),
        client.requires_signature,
        client.state,
        client.sender_constraint,
        sorted(client.grant_types),
        sorted(client.redirect_uris),
        sorted(client.response_modes),
        client.requires_request_object,
        client.jwks_uri,
    )
    if client.jwks_uri is not None:
        await tx.execute(ADD_KEY_SET, client.client_id)


ADD_KEY = """
    INSERT INTO parties_client_keys (key_id, client_id, thumbprint, jwk, registered_at, ends_at)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


async def add_key(tx: Transaction, key: ClientKey, *, thumbprint: str) -> None:
    """Keep a client's key."""
    await tx.execute(
        ADD_KEY, key.key_id, key.client_id, thumbprint, key.jwk, key.registered_at, key.ends_at
    )


FIND_BANK = """
    SELECT bank_id, uscc, legal_name, state, purposes, sections, paper
    FROM parties_banks WHERE bank_id = $1
"""


async def find_bank(tx: Transaction, bank_id: str) -> Bank | None:
    """Return a bank, whatever its state."""
    return await tx.fetch_row(Bank, FIND_BANK, bank_id)


SET_STANDING = """
    UPDATE parties_banks SET state = $2 WHERE bank_id = $1
    RETURNING bank_id, uscc, legal_name, state, purposes, sections, paper
"""


async def set_standing(tx: Transaction, bank_id: str, state: Standing) -> Bank | None:
    """Return the bank in its new standing; None where there is no such bank."""
    return await tx.fetch_row(Bank, SET_STANDING, bank_id, state)


SET_LICENCE = """
    UPDATE parties_banks SET purposes = $2, sections = $3, paper = $4 WHERE bank_id = $1
"""


async def set_licence(tx: Transaction, bank: Bank) -> None:
    """Keep what a bank is licensed for from now on."""
    await tx.execute(SET_LICENCE, bank.bank_id, *_licence_of(bank))


def _licence_of(bank: Bank) -> tuple[list[str] | None, list[str] | None, bool]:
    return (
        None if bank.purposes is None else sorted(bank.purposes),
        None if bank.sections is None else sorted(bank.sections),
        bank.paper,
    )


# One statement, though the client comes once with each key: every request asks for it.
FIND_REGISTRATION = """
    SELECT client_id, bank_id, authentication, matcher_kind, matcher_value,
        assertion_algorithms, scopes, requires_signature, client.state, sender_constraint,
        grant_types, redirect_uris, response_modes, requires_request_object, uscc, legal_name,
        bank.state AS bank_state, purposes, sections, paper, jwks_uri, begun_at, ended_at,
        fetched_at, key_id, jwk, registered_at, ends_at, is_fetched,
        CASE WHEN $2 THEN house_now() END AS house_now
    FROM parties_clients AS client JOIN parties_banks AS bank USING (bank_id)
        LEFT JOIN parties_key_sets USING (client_id)
        LEFT JOIN parties_client_keys AS key USING (client_id)
    WHERE client_id = $1 ORDER BY registered_at, key_id
"""


async def find_registration(
    tx: Transaction, client_id: str, *, renews_now: bool = False
) -> Registration | None:
    """Return a client with its bank and every key, whatever their state.

    With `renews_now`, `tx.now` becomes the instant of the look.
    """
    fetch = tx.fetch_rows_now if renews_now else tx.fetch_rows
    rows = await fetch(ClientRow, FIND_REGISTRATION, client_id, renews_now)
    if not rows:
        return None
    row = rows[0]
    client = Client(
        client_id=row.client_id,
        bank_id=row.bank_id,
        authentication=row.authentication,
        matcher=_read_matcher(row),
        assertion_algorithms=row.assertion_algorithms,
        scopes=row.scopes,
        requires_signature=row.requires_signature,
        state=row.state,
        sender_constraint=row.sender_constraint,
        grant_types=row.grant_types,
        redirect_uris=row.redirect_uris,
        response_modes=row.response_modes,
        requires_request_object=row.requires_request_object,
        jwks_uri=row.jwks_uri,
    )
    bank = Bank(
        bank_id=row.bank_id,
        uscc=row.uscc,
        legal_name=row.legal_name,
        state=row.bank_state,
        purposes=row.purposes,
        sections=row.sections,
        paper=row.paper,
    )
    keys = (_key_of(each) for each in rows)
    return Registration(
        client=client,
        bank=bank,
        keys=tuple(key for key in keys if key is not None),
        key_set=_key_set_of(row),
        certificates=await _find_certificates(tx, client),
    )


def _key_set_of(row: ClientRow) -> KeySet | None:
    if row.jwks_uri is None:
        return None
    return KeySet(begun_at=row.begun_at, ended_at=row.ended_at, fetched_at=row.fetched_at)


async def _find_certificates(tx: Transaction, client: Client) -> tuple[OwnCertificate, ...]:
    # Others have none, and this is read for every request.
    if client.authentication != "self_signed_tls_client_auth":
        return ()
    return await certificates.find_of_client(tx, client.client_id)


def _key_of(row: ClientRow) -> ClientKey | None:
    if row.key_id is None or row.jwk is None or row.registered_at is None:
        return None
    return ClientKey(
        key_id=row.key_id,
        client_id=row.client_id,
        jwk=row.jwk,
        registered_at=row.registered_at,
        ends_at=row.ends_at,
        is_fetched=row.is_fetched is True,
    )


def _read_matcher(row: ClientRow) -> SubjectMatcher | None:
    if row.matcher_kind is None or row.matcher_value is None:
        return None
    return SubjectMatcher(kind=SubjectKind(row.matcher_kind), value=row.matcher_value)


# Ended ones too: a pin of the past verifies what was signed then.
FIND_KEYS_OF_BANK = """
    SELECT key_id, client_id, jwk, registered_at, ends_at, is_fetched
    FROM parties_client_keys JOIN parties_clients USING (client_id)
    WHERE bank_id = $1 ORDER BY registered_at, key_id
"""


async def find_keys_of_bank(tx: Transaction, bank_id: str) -> list[ClientKey]:
    """Return every key that a bank's clients sign or signed with."""
    return await tx.fetch_rows(ClientKey, FIND_KEYS_OF_BANK, bank_id)
