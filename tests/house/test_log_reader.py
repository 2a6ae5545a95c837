"""A log reader written by others re-derives our root from what the people's door publishes."""

import base64
import hashlib
from pathlib import Path

import pytest
from tests.house import reading
from tests.house.crew import wait_until
from tests.house.house import House
from tests.house.reading import Fetch

from creditbridge.cli.demo.layout import LOG_ORIGIN

pytestmark = pytest.mark.xdist_group("house")
COMMITMENT = slice(1, None)


@pytest.fixture
def fetch(house: House) -> Fetch:
    """The public log, once the house's opening stands in it."""
    fetch = reading.open_log(house.layout.people_port, house.pki / "ca" / "doors.pem")
    wait_until(lambda: checkpoint(house, fetch)[0] > 0)
    return fetch


def checkpoint(house: House, fetch: Fetch) -> tuple[int, bytes]:
    """Return size and root that the log's key signed."""
    key_file = house.pki / "gateway" / "ledger.pub"
    return reading.read_checkpoint(fetch("/checkpoint"), origin=LOG_ORIGIN, key_file=key_file)


def test_the_reader_imports_nothing_of_the_product() -> None:
    """It stands on the standard library and on cryptography alone."""
    text = Path(reading.__file__).read_text()
    assert "creditbridge" not in text
    assert "creditsandbox" not in text


def test_the_root_follows_from_the_entries(house: House, fetch: Fetch) -> None:
    """The Merkle root over the published entries is the one in the signed checkpoint."""
    size, root = checkpoint(house, fetch)
    entries = reading.read_entries(fetch, size)
    assert len(entries) == size > 0
    assert reading.root_of([reading.leaf_of(entry) for entry in entries]) == root


def test_every_tile_follows_from_the_entries(house: House, fetch: Fetch) -> None:
    """Each level of tiles holds the roots of 256 hashes of the level below."""
    size, root = checkpoint(house, fetch)
    below = [reading.leaf_of(entry) for entry in reading.read_entries(fetch, size)]
    assert reading.read_row(fetch, 0, size) == below
    assert reading.root_of(reading.read_row(fetch, 0, size)) == root
    level = 1
    while size >> (8 * level):
        whole = [
            reading.root_of(below[at : at + 256]) for at in range(0, len(below) // 256 * 256, 256)
        ]
        assert reading.read_row(fetch, level, size) == whole
        below, level = whole, level + 1


def test_entries_are_salted_commitments_only(house: House, fetch: Fetch) -> None:
    """Each entry is one version byte and a digest, and none occurs twice."""
    entries = reading.read_entries(fetch, checkpoint(house, fetch)[0])
    assert {(len(entry), entry[0]) for entry in entries} == {(33, 1)}
    assert len(set(entries)) == len(entries)


async def test_a_receipt_is_kept(house: House, fetch: Fetch) -> None:
    """The commitment that a bank was promised stands in the log that everybody sees."""
    given = await house.give_consent()
    async with house.machine() as bank:
        answer = await bank.ask(
            given.consent_id, given.uscc, token=await bank.fetch_token("reports")
        )
    receipt = base64.b64decode(answer.header("creditbridge-receipt").strip(":"))

    def stands() -> bool:
        entries = reading.read_entries(fetch, checkpoint(house, fetch)[0])
        return any(
            base64.urlsafe_b64encode(one[COMMITMENT]).rstrip(b"=") in receipt for one in entries
        )

    wait_until(stands)


def test_an_older_checkpoint_is_a_prefix(house: House, fetch: Fetch) -> None:
    """What was published stays: the log grows, and its first entries give the older root."""
    size, root = checkpoint(house, fetch)
    house.check_ledger()
    newer, _ = checkpoint(house, fetch)
    entries = reading.read_entries(fetch, newer)
    assert reading.root_of([reading.leaf_of(entry) for entry in entries[:size]]) == root


def test_a_foreign_tile_is_not_there(house: House, fetch: Fetch) -> None:
    """Nothing beyond the published size, and no other spelling of a path, is served."""
    size, _ = checkpoint(house, fetch)
    for path in (
        reading.path_of("0", size // 256, size % 256 + 1),
        reading.path_of("0", size // 256 + 1, 256),
        "/tile/0/x000/000",
        "/tile/00/000",
        "/tile/../checkpoint",
        "/tile/7/000",
    ):
        with pytest.raises(LookupError):
            fetch(path)


def test_the_empty_root_is_the_standards(fetch: Fetch) -> None:
    """The reader's own tree agrees with RFC 9162 for no leaf and for two."""
    one, two = reading.leaf_of(b"one"), reading.leaf_of(b"two")
    assert reading.root_of([]) == hashlib.sha256(b"").digest()
    assert reading.root_of([one, two]) == hashlib.sha256(b"\x01" + one + two).digest()
