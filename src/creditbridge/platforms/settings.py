"""What the operator says of each platform."""

from pathlib import Path

import msgspec

from creditbridge.foundation.http_messages import HttpClientSettings


class Sm2Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of the SM suite (PEM, curve sm2p256v1), for a dialect that speaks it.

    `signing_key` and `decryption_key` are ours and private, `platform_key` is the platform's, for
    what it alone may read. `former_keys` are public halves of signing keys that we used before:
    packs of then still name them.
    """

    signing_key: Path
    decryption_key: Path
    platform_key: Path
    former_keys: tuple[Path, ...] = ()


class PlatformSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One platform: where it is, whom to believe there, how patient to be.

    `answer_keys` names the public keys (PEM files) that may sign its answers, by key id. Answers
    over `answer_bytes_max` are cut off; at most `in_flight_max` queries are on the way at once, so
    that a platform that hangs holds up nobody else. The breaker lets a probe pass every ten seconds
    at least: a platform that is back is used again within 15 seconds.
    """

    platform_id: str
    dialect: str = "provincial"
    base_url: str
    client_id: str
    answer_keys: dict[str, Path]
    ca_file: Path
    client_certificate_file: Path
    client_key_file: Path
    sm2: Sm2Settings | None = None
    attempt_seconds: float = 5.0
    attempts_max: int = 3
    in_flight_max: int = 32
    breaker_failures: int = 5
    breaker_open_seconds: float = 2.0
    breaker_open_seconds_max: float = 10.0
    answer_bytes_max: int = 2_097_152

    def __post_init__(self) -> None:
        """Refuse an address in the clear: TLS is what keeps the token and the answer private."""
        if not self.base_url.startswith("https://") or self.base_url.endswith("/"):
            message = "base_url must begin with https:// and end without a slash"
            raise ValueError(message)

    @property
    def http(self) -> HttpClientSettings:
        """How a client reaches it: mutual TLS, one pinned authority, a limit on answers."""
        return HttpClientSettings(
            base_url=self.base_url,
            ca_file=self.ca_file,
            client_certificate_file=self.client_certificate_file,
            client_key_file=self.client_key_file,
            response_bytes_max=self.answer_bytes_max,
        )


class PlatformsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All platforms, and the key under which records get their ids (32 bytes in a file)."""

    record_key_file: Path
    platforms: tuple[PlatformSettings, ...]
