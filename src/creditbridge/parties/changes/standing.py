"""Banks and clients that a change is about, and what a change adds to them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.ids import Kind, is_id
from creditbridge.parties.code_flow import grant_types_of, response_modes_of
from creditbridge.parties.model import (
    Bank,
    Client,
    ClientKey,
    ClientOnboarding,
    OwnCertificate,
    Registration,
    Standing,
)
from creditbridge.parties.onboarding import (
    OnboardingClash,
    constraint_of,
    is_client_id,
    method_of,
)
from creditbridge.parties.store import banks, certificates
from creditbridge.protocols.rsa_jwk import JoseKey
from creditbridge.protocols.self_signed import SelfSigned


class BankUnknown(Refused):
    """No such bank."""

    code = "bank-unknown"
    message = "There is no such bank."


class ClientUnknown(Refused):
    """No such client, or one that ended for good."""

    code = "client-unknown"
    message = "There is no such client, or it has ended."


class CertificateOver(Refused):
    """A certificate that has ended."""

    code = "client-certificate-over"
    message = "A certificate that is to be registered has ended."


async def get_bank(tx: Transaction, bank_id: str) -> Bank:
    """Return a bank, whatever its state.

    Raises:
        BankUnknown: there is none.
    """
    known = is_id(Kind.BANK, bank_id)
    if not known or (bank := await banks.find_bank(tx, bank_id)) is None:
        raise BankUnknown
    return bank


async def take_client(tx: Transaction, client_id: str) -> Registration:
    """Return a client that nobody else changes until this transaction ends; suspended ones too.

    Raises:
        ClientUnknown: there is none, or it has ended.
    """
    # What no client can be called never reaches the database.
    if not is_client_id(client_id):
        raise ClientUnknown
    await banks.serialize_onboarding(tx)
    registration = await banks.find_registration(tx, client_id)
    # Nothing brings an ended client back: what stands in the ledger about it stays true.
    if registration is None or registration.client.state is Standing.ENDED:
        raise ClientUnknown
    return registration


def make_client(bank: Bank, onboarding: ClientOnboarding) -> Client:
    """Return a bank's new client."""
    return Client(
        client_id=onboarding.client_id,
        bank_id=bank.bank_id,
        authentication=method_of(onboarding),
        matcher=onboarding.matcher,
        assertion_algorithms=frozenset(onboarding.assertion_algorithms),
        scopes=frozenset(onboarding.scopes),
        requires_signature=onboarding.requires_signature,
        state=Standing.ACTIVE,
        sender_constraint=constraint_of(onboarding),
        grant_types=grant_types_of(onboarding),
        redirect_uris=frozenset(onboarding.redirect_uris),
        response_modes=response_modes_of(onboarding),
        requires_request_object=onboarding.require_signed_request_object is True,
        jwks_uri=onboarding.jwks_uri,
    )


async def take_certificates(
    tx: Transaction, client_id: str, found: Sequence[SelfSigned]
) -> list[OwnCertificate]:
    """Return a client's new certificates, still to be kept.

    Raises:
        CertificateOver: one has ended, and could never be shown.
        OnboardingClash: one, or its key, is or was somebody's, be it this client's.
    """
    if any(one.certificate.not_after <= tx.now for one in found):
        raise CertificateOver
    own = [
        OwnCertificate(
            thumbprint=one.certificate.thumbprint,
            client_id=client_id,
            key_thumbprint=one.key_thumbprint,
            certificate=one.certificate.der,
            registered_at=tx.now,
        )
        for one in found
    ]
    if await certificates.is_taken(tx, own):
        raise OnboardingClash
    return own


def make_key(client_id: str, key: JoseKey, *, now: datetime) -> ClientKey:
    """Return a client's new key."""
    jwk = msgspec.json.encode(key.to_jwk())
    return ClientKey(key_id=key.key_id, client_id=client_id, jwk=jwk, registered_at=now)
