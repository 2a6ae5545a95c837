"""What ends some day is told before it does.

    files, ledger, parties -> the log

1. Certificates and revocation lists are read from the files that the settings name.
2. Signing keys are due a year after they began; a client's published keys, a day after they last
   came; a client's certificate was seen when it proved itself.
3. What ends soon is told, once a day on all nodes together, and more loudly once it has ended.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import msgspec

import creditbridge.parties.service as parties
from creditbridge.admission.rules import NonceReplayed
from creditbridge.foundation.database import Database, Transaction
from creditbridge.foundation.logging import get_logger
from creditbridge.ledger.house_keys import list_house_keys
from creditbridge.parties.key_sets import SET_LIFE
from creditbridge.protocols.certificate_binding import PeerCertificate

log = get_logger("endings")

OWNER = "endings"  # Whose nonces they are: no key has this name.
DAY = timedelta(days=1)
CLIENTS_MAX = 10_000
KEY_AGE = timedelta(days=365)


class EndingKind(StrEnum):
    """What it is that ends."""

    CERTIFICATE = "certificate"
    REVOCATION_LIST = "revocation_list"
    SIGNING_KEY = "signing_key"
    KEY_SET = "key_set"
    CLIENT_CERTIFICATE = "client_certificate"


# How long before it is told: as long as it takes to get another.
NOTICE: Mapping[EndingKind, timedelta] = {
    EndingKind.CERTIFICATE: timedelta(days=30),
    EndingKind.REVOCATION_LIST: timedelta(hours=6),
    EndingKind.SIGNING_KEY: timedelta(days=30),
    EndingKind.KEY_SET: timedelta(hours=20),
    EndingKind.CLIENT_CERTIFICATE: timedelta(days=30),
}


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """A thing, named as operators find it, and when it ends; `mark` tells it from its successor."""

    kind: EndingKind
    name: str
    mark: str
    ends_at: datetime

    def is_near(self, now: datetime) -> bool:
        """Tell whether it ends soon, or has ended."""
        return self.ends_at - now < NOTICE[self.kind]


class SeenCertificates:
    """Certificates that end soon, as they were seen when clients proved themselves."""

    def __init__(self) -> None:
        self._seen: dict[str, Ending] = {}

    def see(self, client_id: str, certificate: PeerCertificate | None, *, now: datetime) -> None:
        """Keep in mind a certificate that ends soon; a later one takes its place."""
        if certificate is None:
            return
        ending = Ending(
            kind=EndingKind.CLIENT_CERTIFICATE,
            name=client_id,
            mark=certificate.thumbprint,
            ends_at=certificate.not_after,
        )
        if not ending.is_near(now):
            self._seen.pop(client_id, None)
        elif client_id in self._seen or len(self._seen) < CLIENTS_MAX:
            self._seen[client_id] = ending

    def list_near(self) -> list[Ending]:
        """Return what was seen and not renewed since."""
        return list(self._seen.values())


class Admission(Protocol):
    """What this journey needs of what is spent once."""

    async def take_nonce(
        self, tx: Transaction, *, key_id: str, nonce: str, expires_at: datetime
    ) -> None:
        """Take the nonce, or refuse."""
        ...


class WarnEndings(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through; `read_files` may block."""

    database: Database
    admission: Admission
    read_files: Callable[[], list[Ending]]
    certificates: SeenCertificates

    async def __call__(self) -> None:
        """Walk the steps above once."""
        endings = await self.list_endings()
        async with self.database.transaction() as tx:
            for ending in endings:
                if ending.is_near(tx.now) and await self._take_turn(tx, ending):
                    _tell(ending, now=tx.now)  # 3

    async def list_endings(self) -> list[Ending]:
        """Return everything that is known to end, the earliest first."""
        found = await asyncio.to_thread(self.read_files)  # 1
        async with self.database.transaction() as tx:
            found += await _list_keys(tx)  # 2
            found += await _list_key_sets(tx)  # 2
        found += self.certificates.list_near()  # 2
        return sorted(found, key=lambda ending: (ending.ends_at, ending.kind, ending.name))

    async def _take_turn(self, tx: Transaction, ending: Ending) -> bool:
        told = f"{ending.kind} {ending.name} {ending.mark} {tx.now.date()}"
        try:
            await self.admission.take_nonce(tx, key_id=OWNER, nonce=told, expires_at=tx.now + DAY)
        except NonceReplayed:
            return False
        return True


async def _list_keys(tx: Transaction) -> list[Ending]:
    latest = {key.purpose: key for key in await list_house_keys(tx) if key.use_from <= tx.now}
    return [
        Ending(
            kind=EndingKind.SIGNING_KEY,
            name=f"keys.{purpose}",
            mark=key.key_id,
            ends_at=key.use_from + KEY_AGE,
        )
        for purpose, key in latest.items()
    ]


async def _list_key_sets(tx: Transaction) -> list[Ending]:
    return [
        Ending(
            kind=EndingKind.KEY_SET,
            name=one.client_id,
            mark=one.fetched_at.isoformat(),
            ends_at=one.fetched_at + SET_LIFE,
        )
        for one in await parties.list_failing_sets(tx)
    ]


def _tell(ending: Ending, *, now: datetime) -> None:
    told = {"kind": ending.kind, "thing": ending.name, "ends_at": ending.ends_at.isoformat()}
    if ending.ends_at <= now:
        log.error("ending.passed", **told)
    else:
        log.warning("ending.near", **told, hours=(ending.ends_at - now) // timedelta(hours=1))
