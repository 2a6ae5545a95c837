"""What the national platform must be told: its name, its keys, and whom it trusts."""

import secrets
from pathlib import Path

import msgspec

from creditbridge.foundation.keys import read_key_file
from creditbridge.protocols.sm2_keys import (
    Sm2PrivateKey,
    open_sm2,
    parse_sm2_private_key,
    parse_sm2_public_key,
    pkcs8_of,
)
from creditsandbox.dialects.national.platform import Manner, Platform
from creditsandbox.dialects.national.signing import Suite
from creditsandbox.province.population import Province

NUMBER_BYTES = 31  # One less than the curve's order has, so that any number of them is a key.


class NationalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[national]` table of the configuration file; paths are as the file's folder sees them.

    Key files are PEM of curve sm2p256v1: two private ones of the platform, two public ones of the
    gateway, each to sign and to read.
    """

    host: str = "127.0.0.1"
    port: int = 9444
    base_url: str | None = None
    platform_id: str = "national"
    certificate_file: Path
    private_key_file: Path
    # Who signs the certificates that the gateway may come with.
    client_ca_file: Path
    signing_key_file: Path
    signing_key_id: str
    decryption_key_file: Path
    gateway_app_id: str = "creditbridge"
    gateway_signing_key_files: tuple[Path, ...]
    gateway_encryption_key_file: Path
    manner: Manner = Manner()


def build_platform(settings: NationalSettings, province: Province) -> Platform:
    """Return the platform that the settings describe, with its keys read.

    Raises:
        LibcryptoUnusable: this system cannot do SM2.
        KeyUnusable: a key file that cannot be used.
        OSError: a public key's file that cannot be read.
    """
    library = open_sm2()
    known = (
        parse_sm2_public_key(path.read_bytes(), library)
        for path in settings.gateway_signing_key_files
    )
    signer = parse_sm2_private_key(
        read_key_file(settings.signing_key_file),
        library,
        key_id=settings.signing_key_id,
        origin=str(settings.signing_key_file),
    )
    return Platform(
        province=province,
        platform_id=settings.platform_id,
        suite=Suite(
            app_id=settings.gateway_app_id,
            signer=signer,
            reader=parse_sm2_private_key(
                read_key_file(settings.decryption_key_file),
                library,
                origin=str(settings.decryption_key_file),
            ),
            gateway_keys={key.key_id: key for key in known},
            gateway_reader=parse_sm2_public_key(
                settings.gateway_encryption_key_file.read_bytes(), library
            ),
        ),
        impostor=make_impostor(signer),
        manner=settings.manner,
    )


def make_impostor(signer: Sm2PrivateKey) -> Sm2PrivateKey:
    """Return a fresh key that goes by another's key id: its public half is nobody's business."""
    number = b"\x00" + secrets.token_bytes(NUMBER_BYTES)
    return Sm2PrivateKey(key=signer.key, pkcs8=pkcs8_of(number))
