"""What ends soon is told once a day, and shown."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import pytest

from creditbridge.admission.service import Admission
from creditbridge.foundation.database import Database
from creditbridge.journeys.warn_endings import (
    CLIENTS_MAX,
    Ending,
    EndingKind,
    SeenCertificates,
    WarnEndings,
)
from creditbridge.protocols.certificate_binding import PeerCertificate

DAY = timedelta(days=1)


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    admission: Admission

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...


class Telling:
    """The journey, with the files that a test says, and what it told."""

    def __init__(self, house: House, lines: io.StringIO) -> None:
        self.house = house
        self.lines = lines
        self.files: list[Ending] = []
        self.certificates = SeenCertificates()

    def node(self) -> WarnEndings:
        """Return the journey as one of the nodes walks it."""
        return WarnEndings(
            database=self.house.database,
            admission=self.house.admission,
            read_files=lambda: list(self.files),
            certificates=self.certificates,
        )

    async def certify(self, name: str, after: timedelta) -> None:
        """Put a certificate into the files, that ends so long after now."""
        ending = Ending(
            kind=EndingKind.CERTIFICATE, name=name, mark="m", ends_at=await self.now() + after
        )
        self.files.append(ending)

    async def now(self) -> datetime:
        """The database's instant."""
        async with self.house.database.transaction() as tx:
            return tx.now

    def told(self) -> list[tuple[str, str, str]]:
        """Event, level and thing of each line, in their order."""
        lines = [
            msgspec.json.decode(line, type=dict[str, object])
            for line in self.lines.getvalue().splitlines()
        ]
        return [(str(one["event"]), str(one["level"]), str(one["thing"])) for one in lines]


@pytest.fixture
def telling(house: House, log_lines: io.StringIO) -> Telling:
    """Nothing that ends."""
    return Telling(house, log_lines)


async def test_what_ends_soon_is_told_once_a_day_on_all_nodes(telling: Telling) -> None:
    """And from its end on as an error; what ends later is not told."""
    await telling.certify("near", timedelta(days=2, hours=1))
    await telling.certify("far", timedelta(days=32))
    first, second = telling.node(), telling.node()

    for node in (first, second, first):
        await node()
    assert telling.told() == [("ending.near", "warning", "near")]
    for _ in range(2):
        await telling.house.wait(DAY)
        await second()
    assert telling.told()[2:] == [
        ("ending.near", "warning", "near"),
        ("ending.near", "warning", "far"),
    ]
    await telling.house.wait(DAY)
    await first()

    assert telling.told()[4:] == [
        ("ending.passed", "error", "near"),
        ("ending.near", "warning", "far"),
    ]


async def test_a_signing_key_is_due_a_year_after_it_began(telling: Telling) -> None:
    """Of each purpose the one in use; a month before it is near."""
    async with telling.house.database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO ledger_house_keys (purpose, key_id, jwk, announced_at, use_from)
            VALUES ('seal', 'old', '{}', $1, $1), ('seal', 'new', '{}', $2, $2),
                ('seal', 'next', '{}', $2, $3)
            """,
            tx.now - 700 * DAY,
            tx.now - 336 * DAY,
            tx.now + DAY,
        )
        now = tx.now

    (ending,) = await telling.node().list_endings()

    assert (ending.kind, ending.name, ending.mark) == ("signing_key", "keys.seal", "new")
    assert ending.ends_at == now + 29 * DAY
    await telling.node()()
    assert telling.told() == [("ending.near", "warning", "keys.seal")]


async def test_keys_that_cannot_be_fetched_are_told_before_their_day_is_over(
    telling: Telling,
) -> None:
    """Of active clients whose last try failed; whom nobody asks for is in no danger."""
    now = await telling.now()
    async with telling.house.database.transaction() as tx:
        await tx.execute("ALTER TABLE parties_clients DROP CONSTRAINT parties_clients_bank_id_fkey")
        for name, state, ended in (
            ("failing", "ACTIVE", now),
            ("idle", "ACTIVE", now - timedelta(hours=5)),
            ("gone", "ENDED", now),
        ):
            await tx.execute(
                """
                INSERT INTO parties_clients (client_id, bank_id, authentication,
                    assertion_algorithms, scopes, requires_signature, state, jwks_uri)
                VALUES ($1, 'bnk', 'private_key_jwt', '{ES256}', '{}', true, $2, $3)
                """,
                name,
                state,
                f"https://{name}.example/",
            )
            await tx.execute(
                "INSERT INTO parties_key_sets VALUES ($1, $2, $2, $3)",
                name,
                ended,
                now - timedelta(hours=5),
            )

    (ending,) = await telling.node().list_endings()

    assert (ending.kind, ending.name) == ("key_set", "failing")
    assert ending.ends_at == now + timedelta(hours=19)
    assert ending.is_near(now)


async def test_a_certificate_that_ends_soon_is_seen_when_its_client_comes(
    telling: Telling, certify: Callable[..., PeerCertificate]
) -> None:
    """Until a later one is seen; never more clients than fit."""
    seen, now = telling.certificates, await telling.now()
    seen.see("north", None, now=now)
    seen.see("north", certify("core.north.example", days=(-1, 40)), now=now)
    assert seen.list_near() == []

    seen.see("north", certify("core.north.example", days=(-1, 20)), now=now)
    assert [ending.name for ending in await telling.node().list_endings()] == ["north"]
    seen.see("north", certify("core.north.example", number=2, days=(-1, 10)), now=now)
    (ending,) = seen.list_near()
    assert ending.mark == certify("x", number=2).thumbprint
    seen.see("north", certify("core.north.example", days=(-1, 40)), now=now)
    assert seen.list_near() == []
    near = certify("any.example", days=(-1, 10))
    for number in range(CLIENTS_MAX + 1):
        seen.see(f"client-{number}", near, now=now)
    assert len(seen.list_near()) == CLIENTS_MAX
