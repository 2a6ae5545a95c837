"""The house's keys come and go: announced, used by all nodes at one instant, retired."""

import asyncio
import io
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest

from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.database import Database
from creditbridge.foundation.key_files import name_ring_file, open_ring
from creditbridge.foundation.key_making import encode_private, make_private_key, put_key_file
from creditbridge.foundation.key_rings import KeyPurpose, KeyRing
from creditbridge.foundation.keys import FileKey
from creditbridge.journeys.keep_keys import KeepKeys
from creditbridge.ledger.announced import HouseKey
from creditbridge.ledger.house_keys import list_house_keys
from creditbridge.ledger.model import Core, KeyAnnounced, KeyRetired
from creditbridge.ledger.sequencer import Sequencer
from creditbridge.ledger.service import Ledger
from creditbridge.ledger.settings import LedgerSettings
from creditbridge.parties.rules import read_key
from creditbridge.protocols.checkpoint import open_checkpoint
from creditbridge.protocols.signed_note import note_key, open_note

CACHE = timedelta(seconds=300)
# A tenth of the cache's life, and two seconds.
AHEAD = timedelta(seconds=332)
OVERLAP = timedelta(seconds=600)
SECOND = timedelta(seconds=1)
ORIGIN = "gateway.example/log"
SETTINGS = LedgerSettings(origin=ORIGIN)


class House(Protocol):
    """The house of `conftest`."""

    database: Database
    ledger: Ledger
    clock: SystemClock

    async def told(self, *words: str) -> list[Core]:
        """Return what the ledger holds."""
        ...

    async def wait(self, time: timedelta) -> None:
        """Let the database's instant pass."""
        ...


class Node:
    """One process: a ring over a folder, and the journey that looks after it."""

    def __init__(self, house: House, first: Path, purpose: KeyPurpose) -> None:
        self.ring: KeyRing[FileKey] = open_ring(purpose, first, house.clock)
        self.keep = KeepKeys(
            database=house.database, ledger=house.ledger, rings=(self.ring,), cache=CACHE
        )

    @property
    def name(self) -> str:
        """The key that it signs with."""
        return self.ring.current().key.key_id

    @property
    def shown(self) -> list[str]:
        """The keys that it shows."""
        return [key.key_id for key in self.ring.list_shown()]


class Nodes:
    """Two nodes of a house, each with a folder of its own."""

    def __init__(self, house: House, folder: Path, purpose: KeyPurpose = KeyPurpose.SEAL) -> None:
        self.house = house
        self.purpose = purpose
        self.folders = (folder / "first", folder / "second")
        for path in self.folders:
            path.mkdir()
        self.old = self.lay("key.pem")
        self.first, self.second = (Node(house, path / "key.pem", purpose) for path in self.folders)

    def lay(self, name: str, *, on: tuple[int, ...] = (0, 1)) -> str:
        """Put a fresh key into the folders and return its name."""
        private = make_private_key("EdDSA")
        for number in on:
            put_key_file(self.folders[number] / name, encode_private(private))
        return (
            open_ring(self.purpose, self.folders[on[0]] / name, self.house.clock)
            .current()
            .key.key_id
        )

    async def rotate(self, *, on: tuple[int, ...] = (0, 1)) -> str:
        """Lay the next key beside the first, that may be used at once."""
        async with self.house.database.transaction() as tx:
            path = name_ring_file(self.folders[0] / "key.pem", not_before=tx.now)
        return self.lay(path.name, on=on)

    async def look(self) -> None:
        """Let both nodes look."""
        await self.first.keep()
        await self.second.keep()

    async def keys(self) -> list[HouseKey]:
        """What the house knows of its keys."""
        async with self.house.database.transaction() as tx:
            return await list_house_keys(tx)


@pytest.fixture
async def nodes(house: House, tmp_path: Path) -> Nodes:
    """Two nodes that have looked."""
    nodes = Nodes(house, tmp_path)
    await nodes.look()
    return nodes


async def test_a_purpose_begins_without_an_event(nodes: Nodes, house: House) -> None:
    """Verifiers get its first key with their pins: it counts from the first index on."""
    (key,) = await nodes.keys()

    assert await house.told() == []
    assert (key.key_id, key.from_index, key.to_index) == (nodes.old, 0, None)
    assert nodes.first.shown == nodes.second.shown == [nodes.old]


async def test_K2_a_new_key_is_shown_before_it_signs(nodes: Nodes, house: House) -> None:
    """For as long as others may hold an older set; then every node signs with it at once."""
    new = await nodes.rotate()
    await nodes.look()

    (told,) = await house.told()
    assert isinstance(told.terms, KeyAnnounced)
    assert told.terms == KeyAnnounced(
        purpose="seal",
        key=new,
        algorithm="EdDSA",
        use_from=told.decided_at + AHEAD,
        replaces=nodes.old,
    )
    assert nodes.first.shown == nodes.second.shown == [nodes.old, new]
    assert (nodes.first.name, nodes.second.name) == (nodes.old, nodes.old)
    await house.wait(AHEAD - SECOND)
    await nodes.look()
    assert (nodes.first.name, nodes.second.name) == (nodes.old, nodes.old)
    await house.wait(SECOND)
    await nodes.look()
    assert (nodes.first.name, nodes.second.name) == (new, new)


async def test_K2_the_old_key_is_shown_until_its_tokens_are_gone(
    nodes: Nodes, house: House
) -> None:
    """The longest life of a token, and the life of a cache; then the ledger holds its end."""
    new = await nodes.rotate()
    await nodes.look()
    await house.wait(AHEAD + OVERLAP - SECOND)
    await nodes.look()
    assert nodes.first.shown == [nodes.old, new]

    await house.wait(SECOND)
    await nodes.look()

    assert nodes.first.shown == nodes.second.shown == [new]
    told = (await house.told())[-1]
    assert told.terms == KeyRetired(purpose="seal", key=nodes.old, successor=new)
    await nodes.look()
    assert len(await house.told()) == 2


async def test_of_many_nodes_one_announces_and_one_retires(nodes: Nodes, house: House) -> None:
    """Ten looks at the same moment leave one event each."""
    await nodes.rotate()
    await race(nodes)
    await house.wait(AHEAD + OVERLAP)
    await race(nodes)

    assert [core.kind for core in await house.told()] == ["key.announced", "key.retired"]


async def race(nodes: Nodes) -> None:
    """Let ten processes look at once."""
    async with asyncio.TaskGroup() as group:
        for number in range(10):
            folder = nodes.folders[number % 2]
            group.create_task(Node(nodes.house, folder / "key.pem", nodes.purpose).keep())


async def test_a_key_waits_for_the_instant_in_its_name(nodes: Nodes, house: House) -> None:
    """Whoever must tell a platform first names a later one."""
    async with house.database.transaction() as tx:
        later = (tx.now + timedelta(days=3)).replace(microsecond=0)
    nodes.lay(name_ring_file(Path("key.pem"), not_before=later).name)

    await nodes.look()

    assert (await nodes.keys())[-1].use_from == later


async def test_a_node_without_the_new_key_is_told(
    nodes: Nodes, house: House, log_lines: io.StringIO
) -> None:
    """Once; it shows the key all the same, and signs on with the old one until that is retired."""
    new = await nodes.rotate(on=(0,))
    await nodes.look()
    await house.wait(AHEAD)
    await nodes.look()
    await nodes.look()

    assert (nodes.first.name, nodes.second.name) == (new, nodes.old)
    assert nodes.second.shown == [nodes.old, new]
    assert nodes.second.ring.is_shown
    assert log_lines.getvalue().count("keys.not_held") == 1
    await house.wait(OVERLAP)
    await nodes.look()
    assert not nodes.second.ring.is_shown


async def test_a_file_that_cannot_be_believed_changes_nothing(
    nodes: Nodes, house: House, log_lines: io.StringIO
) -> None:
    """It is told once, until it is another trouble."""
    broken = name_ring_file(nodes.folders[0] / "key.pem", not_before=house.clock.now())
    put_key_file(broken, b"no key")

    await nodes.look()
    await nodes.look()

    assert nodes.first.name == nodes.old
    assert log_lines.getvalue().count("keys.not_read") == 1
    assert await house.told() == []


async def test_where_the_key_in_use_is_gone_the_next_begins_at_once(
    nodes: Nodes, house: House
) -> None:
    """A lost key is replaced in its own file: better a key that some have not seen than none."""
    new = nodes.lay("key.pem")

    await nodes.look()

    assert (nodes.first.name, nodes.second.name) == (new, new)
    (told,) = await house.told()
    assert isinstance(told.terms, KeyAnnounced)
    assert (told.terms.use_from, told.terms.replaces) == (told.decided_at, nodes.old)


async def test_keys_count_from_their_announcement_to_their_retirement(
    nodes: Nodes, house: House, tmp_path: Path
) -> None:
    """By index, as the log proves it; what has no place yet counts from the tree's end on."""
    (tmp_path / "log").mkdir()
    log = Nodes(house, tmp_path / "log", KeyPurpose.LEDGER)
    await log.look()
    sequencer = Sequencer(house.database, SETTINGS, log_signer=log.first.ring)
    await nodes.rotate()
    await nodes.look()
    assert [key.from_index for key in await nodes.keys() if key.purpose == "seal"] == [0, 0]
    await sequencer.run_once()
    await house.wait(AHEAD + OVERLAP)
    await nodes.look()
    await sequencer.run_once()
    await nodes.rotate()
    await nodes.look()

    keys = [key for key in await nodes.keys() if key.purpose == "seal"]

    assert [(key.from_index, key.to_index) for key in keys] == [(0, 1), (0, None), (2, None)]


async def test_L14_both_keys_of_the_log_sign_in_the_overlap(house: House, tmp_path: Path) -> None:
    """The announcement under the old one; then both, until thirty days later the new one alone."""
    nodes = Nodes(house, tmp_path, KeyPurpose.LEDGER)
    await nodes.look()
    sequencer = Sequencer(house.database, SETTINGS, log_signer=nodes.first.ring)
    old = nodes.first.ring.current()
    new = await nodes.rotate()
    await nodes.look()

    assert await signers(house, sequencer) == [old.key.key_id]
    await house.wait(AHEAD)
    await nodes.look()
    await enlarge(house, tmp_path)
    assert await signers(house, sequencer) == [new, old.key.key_id]
    await house.wait(timedelta(days=30))
    await nodes.look()
    assert await signers(house, sequencer) == [new]
    assert [core.kind for core in await house.told()][-1] == "key.retired"


async def enlarge(house: House, folder: Path) -> None:
    """Record something, so that there is a head to sign."""
    (folder / "other").mkdir()
    others = Nodes(house, folder / "other", KeyPurpose.CONSENT)
    await others.look()
    await others.rotate()
    await others.look()


async def signers(house: House, sequencer: Sequencer) -> list[str]:
    """The names of the keys that signed the latest checkpoint, each verified by itself."""
    await sequencer.run_once()
    async with house.database.transaction() as tx:
        note = await tx.fetch_value(
            str, "SELECT note FROM ledger_checkpoints ORDER BY size DESC LIMIT 1"
        )
        keys = [key for key in await list_house_keys(tx) if key.purpose == "ledger"]
    assert note is not None
    names = {note_key(ORIGIN, read_key(key.jwk)): key.key_id for key in keys}
    signed = [names[signer.key] for signer in open_note(note, names).signers]
    # Of each alone: a verifier that pinned one of them needs no other.
    for key, name in names.items():
        if name in signed:
            open_checkpoint(note, log_keys=(key,))
    return signed
