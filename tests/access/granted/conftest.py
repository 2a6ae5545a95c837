"""The authorization server with two clients that may use codes."""

from collections.abc import Callable

import pytest
from tests.access.granted.bench import Bench, KnownClient

from creditbridge.foundation.database import Database
from creditbridge.protocols.certificate_binding import PeerCertificate

GRANT_TYPES = ["authorization_code", "client_credentials", "refresh_token"]
ALLOW = "UPDATE parties_clients SET grant_types = $1"
ADD_CLIENT = """
    INSERT INTO parties_clients (client_id, bank_id, authentication, matcher_kind, matcher_value,
        scopes, requires_signature, state, grant_types)
    VALUES ('jiangtao-branch', $1, 'tls_client_auth', 'san_dns', 'branch.bank.example',
        ARRAY['consents', 'reports'], true, 'ACTIVE', $2)
"""


@pytest.fixture
async def bench(
    database: Database,
    client: KnownClient,
    make_certificate: Callable[[str], PeerCertificate],
) -> Bench:
    """The authorization server with both clients."""
    async with database.transaction() as tx:
        await tx.execute(ALLOW, GRANT_TYPES)
        await tx.execute(ADD_CLIENT, client.bank_id, GRANT_TYPES)
    return Bench(database, client, make_certificate)
