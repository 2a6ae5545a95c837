"""The lists of the bank door: read at the start, read again when they change."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.waiting import PATIENCE_SECONDS

from creditbridge.protocols.certificate_binding import PeerCertificate, parse_certificate
from creditbridge.protocols.revocation_list import CertificateRevoked, RevocationUnknown
from creditbridge.server.revocation import RevocationLists, open_revocation_lists
from creditbridge.server.tls import DoorMisconfigured

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class FakeClock:
    """A clock that stands where it was set."""

    def __init__(self) -> None:
        self.instant = NOON

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return 0.0


class Authority:
    """A client authority in a folder, with its list beside."""

    def __init__(self, folder: Path, name: str = "Client CA") -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        self.list_file = folder / f"{name}.crl"
        self.file.write_bytes(self._sign(1).public_bytes(Encoding.PEM))

    def _sign(self, serial: int) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            issuer_name=self.name,
            subject_name=self.name,
            public_key=self.key.public_key(),
            serial_number=serial,
            not_valid_before=NOON - HOUR,
            not_valid_after=NOON + HOUR,
        )
        return builder.sign(self.key, SHA256())

    def issue(self, serial: int) -> PeerCertificate:
        """Return a client's certificate."""
        return parse_certificate(self._sign(serial).public_bytes(Encoding.DER))

    def revoke(self, *serials: int, began: datetime = NOON - HOUR, hours: int = 2) -> bytes:
        """Return a list of these serials, DER."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(began)
            .next_update(began + hours * HOUR)
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(began)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.DER)

    def publish(self, raw: bytes) -> None:
        """Put a list in place, whole, as whoever fetches it does."""
        fresh = self.list_file.with_suffix(".new")
        fresh.write_bytes(raw)
        fresh.replace(self.list_file)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The client authority, with a list that names nobody."""
    made = Authority(tmp_path)
    made.publish(made.revoke())
    return made


@pytest.fixture
def clock() -> FakeClock:
    """Noon."""
    return FakeClock()


@pytest.fixture
def lists(authority: Authority, clock: FakeClock) -> RevocationLists:
    """The lists of a door that has just opened."""
    return open_revocation_lists([authority.list_file], authority.file, clock)


def test_promise_19_a_new_list_counts_from_the_next_look(
    lists: RevocationLists, authority: Authority
) -> None:
    """The certificate of a moment ago is refused, another one of the same authority is not."""
    lists.require_unrevoked(authority.issue(7), now=NOON)
    authority.publish(authority.revoke(7, began=NOON))

    for _ in range(2):
        lists.look()

        with pytest.raises(CertificateRevoked):
            lists.require_unrevoked(authority.issue(7), now=NOON)
        lists.require_unrevoked(authority.issue(8), now=NOON)


@pytest.mark.parametrize("fault", ["gone", "garbage", "older", "another's", "50 MB"])
def test_fault_60_the_last_good_list_counts_until_its_next_update(
    fault: str, authority: Authority, clock: FakeClock, tmp_path: Path
) -> None:
    """Whatever stands there now, what was revoked stays revoked; then nobody comes in."""
    authority.publish(authority.revoke(7))
    another = Authority(tmp_path, "Another CA")
    both = tmp_path / "both.pem"
    both.write_bytes(authority.file.read_bytes() + another.file.read_bytes())
    lists = open_revocation_lists([authority.list_file], both, clock)
    if fault == "gone":
        authority.list_file.unlink()
    else:
        authority.publish(
            {
                "garbage": b"garbage",
                "older": authority.revoke(began=NOON - 2 * HOUR, hours=9),
                "another's": another.revoke(began=NOON),
                "50 MB": bytes(50_000_000),
            }[fault]
        )

    lists.look()

    with pytest.raises(CertificateRevoked):
        lists.require_unrevoked(authority.issue(7), now=NOON)
    lists.require_unrevoked(authority.issue(8), now=NOON)
    clock.instant = NOON + HOUR
    lists.look()
    with pytest.raises(RevocationUnknown):
        lists.require_unrevoked(authority.issue(8), now=clock.instant)
    authority.publish(authority.revoke(7, began=NOON + HOUR))
    lists.look()
    lists.require_unrevoked(authority.issue(8), now=clock.instant)


def test_fault_60_a_stale_list_at_the_start_shuts_its_authority_out(
    authority: Authority, clock: FakeClock
) -> None:
    """The house opens, other authorities' banks come in, this one's do not."""
    authority.publish(authority.revoke(hours=1))

    lists = open_revocation_lists([authority.list_file], authority.file, clock)

    with pytest.raises(RevocationUnknown):
        lists.require_unrevoked(authority.issue(8), now=NOON)


@pytest.mark.parametrize("fault", ["absent", "garbage", "no authority", "absent authority"])
def test_fault_60_the_start_is_refused_without_a_list_that_can_be_believed(
    fault: str, authority: Authority, clock: FakeClock, tmp_path: Path
) -> None:
    """With the file at fault named."""
    file = authority.file
    if fault == "absent":
        authority.list_file.unlink()
    elif fault == "garbage":
        authority.publish(b"garbage")
    else:
        file = tmp_path / "other.pem"
        if fault == "no authority":
            file.write_bytes(b"nothing")

    with pytest.raises(DoorMisconfigured) as refused:
        open_revocation_lists([authority.list_file], file, clock)

    named = file if "authority" in fault else authority.list_file
    assert str(named) in refused.value.detail


def test_without_lists_nobody_is_asked(tmp_path: Path, clock: FakeClock) -> None:
    """And no authority is read for them."""
    lists = open_revocation_lists((), tmp_path / "nowhere", clock)

    lists.look()

    lists.require_unrevoked(Authority(tmp_path).issue(7), now=NOON)


async def test_the_lists_are_watched(lists: RevocationLists, authority: Authority) -> None:
    """The first look comes at once."""
    authority.publish(authority.revoke(7, began=NOON))
    watching = asyncio.create_task(lists.watch())

    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                lists.require_unrevoked(authority.issue(7), now=NOON)
            except CertificateRevoked:
                break
            await asyncio.sleep(0)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
