"""Certificates that clients signed themselves."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from creditbridge.foundation.database import Transaction
from creditbridge.parties.model import OwnCertificate


class LiveRow(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that counts now; without its bytes where whoever asks has them."""

    thumbprint: str
    certificate: bytes | None


IS_TAKEN = """
    SELECT EXISTS (
            SELECT FROM parties_client_certificates
            WHERE thumbprint = ANY ($1::text[]) OR key_thumbprint = ANY ($2::text[])
        )
        OR EXISTS (SELECT FROM parties_client_keys WHERE thumbprint = ANY ($2::text[]))
"""


async def is_taken(tx: Transaction, certificates: Collection[OwnCertificate]) -> bool:
    """Tell whether one of these, or its key, is or was anybody's."""
    thumbprints = [one.thumbprint for one in certificates]
    keys = [one.key_thumbprint for one in certificates]
    return await tx.fetch_value(bool, IS_TAKEN, thumbprints, keys) is True


ADD_CERTIFICATE = """
    INSERT INTO parties_client_certificates
        (thumbprint, client_id, key_thumbprint, certificate, registered_at, ends_at)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


async def add_certificate(tx: Transaction, certificate: OwnCertificate) -> None:
    """Keep a client's certificate."""
    await tx.execute(
        ADD_CERTIFICATE,
        certificate.thumbprint,
        certificate.client_id,
        certificate.key_thumbprint,
        certificate.certificate,
        certificate.registered_at,
        certificate.ends_at,
    )


FIND_OF_CLIENT = """
    SELECT thumbprint, client_id, key_thumbprint, certificate, registered_at, ends_at
    FROM parties_client_certificates WHERE client_id = $1 ORDER BY registered_at, thumbprint
"""


async def find_of_client(tx: Transaction, client_id: str) -> tuple[OwnCertificate, ...]:
    """Return every certificate of a client, ended ones too."""
    return tuple(await tx.fetch_rows(OwnCertificate, FIND_OF_CLIENT, client_id))


# Never later than before: what was to end soon does not live on because it is ended once more.
END = """
    UPDATE parties_client_certificates SET ends_at = least(ends_at, $3)
    WHERE client_id = $1 AND thumbprint = ANY ($2::text[])
"""


async def end(tx: Transaction, client_id: str, thumbprints: list[str], *, at: datetime) -> None:
    """End certificates of a client; the rows stay, so that nobody else gets one."""
    await tx.execute(END, client_id, thumbprints, at)


# Asked each second by every process: what it has already is not sent again.
FIND_LIVE = """
    SELECT thumbprint, CASE WHEN thumbprint = ANY ($1::text[]) THEN NULL ELSE certificate END
        AS certificate
    FROM parties_client_certificates JOIN parties_clients USING (client_id)
    WHERE state <> 'ENDED' AND (ends_at IS NULL OR ends_at > $2)
"""


async def find_live(tx: Transaction, known: Collection[str]) -> dict[str, bytes | None]:
    """Return the thumbprints of all that count now, with the DER of those that are not known."""
    rows = await tx.fetch_rows(LiveRow, FIND_LIVE, list(known), tx.now)
    return {row.thumbprint: row.certificate for row in rows}
