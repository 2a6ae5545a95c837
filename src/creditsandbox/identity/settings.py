"""What the identity provider must be told: its name, its keys, and its one client."""

from pathlib import Path

import msgspec

from creditbridge.foundation.keys import load_file_key, parse_public_key
from creditsandbox.identity.clients import Client
from creditsandbox.identity.provider import IdentityProvider
from creditsandbox.province.population import Province


class IdentitySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[identity]` table of the configuration file; paths are as the file's folder sees them.

    The client proves itself by `client_secret_basic` where a secret is given, by `private_key_jwt`
    where keys are. `issuer` has no slash at the end; where absent it follows from host and port.
    """

    host: str = "127.0.0.1"
    port: int = 9444
    issuer: str | None = None
    certificate_file: Path
    private_key_file: Path
    signing_key_file: Path
    signing_key_id: str | None = None
    client_id: str = "creditbridge"
    client_secret_file: Path | None = None
    # Public keys of the client's assertions, named by their thumbprints (RFC 7638).
    client_key_files: tuple[Path, ...] = ()
    redirect_uris: tuple[str, ...]


def build_provider(
    settings: IdentitySettings, province: Province, *, issuer: str
) -> IdentityProvider:
    """Return the provider that the settings describe, with its keys and its secret read.

    Raises:
        KeyUnusable: a key file that cannot be used.
        SigningKeyUnfit: a key that does not sign with ES256.
        OSError: a public key's or the secret's file that cannot be read.
    """
    secret_file = settings.client_secret_file
    secret = None if secret_file is None else secret_file.read_text(encoding="ascii").strip()
    keys = [parse_public_key(path.read_bytes()) for path in settings.client_key_files]
    client = Client(
        client_id=settings.client_id,
        secret=secret,
        keys={key.key_id: key for key in keys},
        issuer=issuer,
    )
    return IdentityProvider(
        issuer=issuer,
        province=province,
        client=client,
        redirect_uris=settings.redirect_uris,
        signer=load_file_key(settings.signing_key_file, key_id=settings.signing_key_id),
    )
