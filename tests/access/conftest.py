"""A client authority, certificates of banks, and banks that were onboarded."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from creditbridge.foundation.database import Database
from creditbridge.protocols.certificate_binding import PeerCertificate, parse_certificate

BANK_ID = "bnk_01hzy6t9x7c3v5n8m2k4p6q8r0"
AUTHORITY_KEY = ec.generate_private_key(ec.SECP256R1())
ADD_OPERATOR = """
    INSERT INTO parties_operators (operator_id, person_name, person_key, key_id, jwk, enrolled_at)
    VALUES ('opr_1', 'A', 'a', 'key', '', now()) ON CONFLICT DO NOTHING
"""
ADD_CHANGE = """
    INSERT INTO parties_changes (change_id, kind, body, proposed_by, proposed_at, expires_at,
        proposal_act, proposal_act_digest, proposal_signature)
    VALUES ($1, 'BANK_ONBOARDING', '', 'opr_1', now(), now(), '', convert_to($1, 'UTF8'), '')
"""
ADD_BANK = """
    INSERT INTO parties_banks (bank_id, uscc, legal_name, state, onboarded_at, change_id)
    VALUES ($1, $2, $3, $4, now(), $5)
"""
ADD_CLIENT = """
    INSERT INTO parties_clients (client_id, bank_id, authentication, matcher_kind, matcher_value,
        scopes, requires_signature, state)
    VALUES ($1, $2, 'tls_client_auth', 'san_dns', $3, $4, true, $5)
"""


class MakeCertificate(Protocol):
    """Makes a certificate; each call with a key of its own."""

    def __call__(
        self,
        host: str = ...,
        *,
        now: datetime | None = ...,
        days: int = ...,
        usage: x509.ObjectIdentifier | None = ...,
    ) -> PeerCertificate:
        """Return the certificate of a machine of this name."""
        ...


class KnownClient(msgspec.Struct, frozen=True, kw_only=True):
    """A client of an onboarded bank, and the certificate that is its own."""

    client_id: str
    bank_id: str
    host: str
    certificate: PeerCertificate


@pytest.fixture
def make_certificate() -> MakeCertificate:
    """A factory of client certificates, all issued by one authority."""

    def make(
        host: str = "gateway.bank.example",
        *,
        now: datetime | None = None,
        days: int = 30,
        usage: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.CLIENT_AUTH,
    ) -> PeerCertificate:
        began = (now or datetime.now(UTC)) - timedelta(days=1)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")]))
            .public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(began)
            .not_valid_after(began + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        )
        if usage is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        return parse_certificate(builder.sign(AUTHORITY_KEY, SHA256()).public_bytes(Encoding.DER))

    return make


@pytest.fixture
async def client(database: Database, make_certificate: MakeCertificate) -> KnownClient:
    """The active client of an active bank."""
    known = KnownClient(
        client_id="jiangtao-core",
        bank_id=BANK_ID,
        host="gateway.bank.example",
        certificate=make_certificate("gateway.bank.example"),
    )
    async with database.transaction() as tx:
        await tx.execute(ADD_OPERATOR)
        await tx.execute(ADD_CHANGE, "chg_1")
        await tx.execute(
            ADD_BANK, BANK_ID, "91330000701234567K", "杭州江涛商业银行", "ACTIVE", "chg_1"
        )
        await tx.execute(
            ADD_CLIENT, known.client_id, BANK_ID, known.host, ["consents", "reports"], "ACTIVE"
        )
    return known
