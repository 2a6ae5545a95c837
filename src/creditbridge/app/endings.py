"""What ends some day in the files that the settings name: certificates and revocation lists."""

from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from creditbridge.journeys.warn_endings import Ending, EndingKind
from creditbridge.protocols.revocation_list import LIST_BYTES_MAX, PEM_MARK
from creditbridge.settings import Settings


def list_file_endings(settings: Settings) -> list[Ending]:
    """Return what the files hold now; what cannot be read is left out: whoever uses it tells."""
    certificates = [
        ending for name, path in _name_certificates(settings) for ending in _read(name, path)
    ]
    lists = settings.doors.bank.revocation_lists
    return [*certificates, *(ending for path in lists for ending in _read_list(path))]


def _name_certificates(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Give each file of certificates under the key that names it."""
    doors = settings.doors
    named = {
        "doors.bank.certificate": doors.bank.certificate,
        "doors.bank.client_authority": doors.bank.client_authority,
        "doors.people.certificate": doors.people.certificate,
        "identity.authority": settings.identity.authority,
        "key_fetch.authority": settings.key_fetch.authority,
    }
    yield from ((name, path) for name, path in named.items() if path is not None)
    yield from (("doors.bank.proxies", path) for path in doors.bank.proxies)
    for platform in settings.platforms:
        prefix = f"platforms.{platform.platform_id}"
        yield f"{prefix}.ca_file", platform.ca_file
        yield f"{prefix}.client_certificate_file", platform.client_certificate_file


def _read(name: str, path: Path) -> list[Ending]:
    try:
        certificates = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        return []
    return [
        Ending(
            kind=EndingKind.CERTIFICATE,
            name=name,
            mark=certificate.fingerprint(SHA256()).hex(),
            ends_at=certificate.not_valid_after_utc,
        )
        for certificate in certificates
    ]


def _read_list(path: Path) -> list[Ending]:
    try:
        with path.open("rb") as opened:
            raw = opened.read(LIST_BYTES_MAX)
        load = x509.load_pem_x509_crl if raw.startswith(PEM_MARK) else x509.load_der_x509_crl
        next_update = load(raw).next_update_utc
    except (OSError, ValueError):
        return []
    # One without an end is refused at the start.
    ends = [] if next_update is None else [next_update]
    return [
        Ending(kind=EndingKind.REVOCATION_LIST, name=path.name, mark=one.isoformat(), ends_at=one)
        for one in ends
    ]
