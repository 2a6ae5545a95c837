"""What the provincial platform must be told: its name, its keys, and whom it trusts."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from creditbridge.foundation.keys import PublicKey, load_file_key, parse_public_key
from creditsandbox.dialects.provincial.platform import Pace, Platform
from creditsandbox.dialects.provincial.tokens import Tokens
from creditsandbox.province.population import Province


class ProvincialSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[provincial]` table of the configuration file; paths are as the file's folder sees them.

    `base_url` is how the gateway addresses the platform, without a slash at the end: the signed
    `@target-uri` starts with it. Where it is absent it follows from host and port.
    """

    host: str = "127.0.0.1"
    port: int = 9443
    base_url: str | None = None
    platform_id: str = "provincial"
    certificate_file: Path
    private_key_file: Path
    # Who signs the certificates that the gateway may come with.
    client_ca_file: Path
    signing_key_file: Path
    signing_key_id: str | None = None
    gateway_client_id: str = "creditbridge"
    # The gateway's pinned public keys, named by their thumbprints (RFC 7638): those that sign
    # queries, and those that sign client assertions; they may be the same.
    message_key_files: tuple[Path, ...]
    login_key_files: tuple[Path, ...]
    # How long the slow enterprise takes: longer than the gateway's deadline.
    slow_seconds: float = 30.0
    dispute_seconds: float = 20.0  # From the receipt of an objection to its answer.


def build_platform(settings: ProvincialSettings, province: Province) -> Platform:
    """Return the platform that the settings describe, with its keys read.

    Raises:
        KeyUnusable: a key file that cannot be used.
        OSError: a public key's file that cannot be read.
    """
    return Platform(
        province=province,
        platform_id=settings.platform_id,
        tokens=Tokens(
            platform_id=settings.platform_id,
            client_id=settings.gateway_client_id,
            keys=read_keys(settings.login_key_files),
        ),
        signer=load_file_key(settings.signing_key_file, key_id=settings.signing_key_id),
        message_keys=read_keys(settings.message_key_files),
        pace=Pace(slow_seconds=settings.slow_seconds, dispute_seconds=settings.dispute_seconds),
    )


def read_keys(paths: Iterable[Path]) -> dict[str, PublicKey]:
    """Return the public keys of PEM files, by key id.

    Raises:
        KeyUnusable: no PEM, or neither EC P-256 nor Ed25519.
        OSError: a file that cannot be read.
    """
    keys = (parse_public_key(path.read_bytes()) for path in paths)
    return {key.key_id: key for key in keys}
