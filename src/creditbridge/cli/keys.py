"""`creditbridge keys`: the house's signing keys rotate while it works."""

import argparse
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from creditbridge.cli.operations import DoorUnavailable, call_json
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.key_files import (
    list_ring_files,
    name_ring_file,
    parse_ring_key,
    read_ring_key,
)
from creditbridge.foundation.key_making import (
    MAKERS,
    encode_private,
    encode_public,
    make_private_key,
    put_key_file,
)
from creditbridge.foundation.key_rings import KeyPurpose
from creditbridge.foundation.keys import KeyUnusable, read_key_file
from creditbridge.foundation.rsa_keys import JoseFileKey
from creditbridge.settings import Settings, read_settings

LOOKS_MAX = 50
LOOK_SECONDS = 0.1


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A key as the operations door shows it."""

    purpose: str
    kid: str
    alg: str
    use_from: datetime
    retired_at: datetime | None


class ShownKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What `/keys` answers."""

    now: datetime
    keys: tuple[Shown, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the acts."""
    parser.add_argument("--config", type=Path, default=Path("creditbridge.toml"))
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    acts.add_parser("list", help="show every key with its times, as the gateway knows them")
    rotate = acts.add_parser("rotate", help="make the next key of a purpose")
    rotate.add_argument("--purpose", required=True, choices=[str(one) for one in KeyPurpose])
    made = rotate.add_mutually_exclusive_group()
    made.add_argument("--algorithm", choices=sorted(MAKERS), help="default: that of the last key")
    made.add_argument("--key", type=Path, help="a key that was made before: others know it already")
    rotate.add_argument(
        "--from",
        dest="not_before",
        type=_read_instant,
        help="not used before this instant, such as 2026-02-01T00:00:00Z; default: at once",
    )
    rotate.add_argument(
        "--lost",
        action="store_true",
        help="the keys of before are lost or copied: nothing more is signed with them",
    )
    acts.add_parser("forget", help="keep only the public halves of retired keys")


def run(arguments: argparse.Namespace) -> int:
    """Walk one act; 1 where it was refused."""
    try:
        settings = read_settings(arguments.config)
        told = _walk(settings, arguments)
    except (CreditbridgeError, OSError) as error:
        prose = f"{error.prose} {error.detail}" if isinstance(error, CreditbridgeError) else error
        print(prose, file=sys.stderr)
        return 1
    print(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    return 0


def _walk(settings: Settings, arguments: argparse.Namespace) -> object:
    match arguments.act:
        case "rotate":
            return _rotate(settings, arguments)
        case "forget":
            return _forget(settings)
        case _:
            return _ask(settings)


def _rotate(settings: Settings, arguments: argparse.Namespace) -> Mapping[str, object]:
    """Lay the next key of a purpose beside the others; the gateways find it."""
    purpose = KeyPurpose(arguments.purpose)
    first = _path_of(settings, purpose)
    ring = _read_ring(purpose, first)
    _, last = ring[-1]
    now = SystemClock().now()
    path = name_ring_file(first, not_before=arguments.not_before or now)
    # Two names of one second would be one file.
    if path.exists():
        raise KeyUnusable(detail=f"{path} is there already")
    if arguments.key is None:
        content = encode_private(make_private_key(arguments.algorithm or last.key.algorithm))
    else:
        content = read_key_file(arguments.key)
    signer = parse_ring_key(purpose, content, origin=str(arguments.key or path))
    if arguments.lost:
        # Before the next one lies there: who finds no key in use takes that one at once.
        for spent, key in ring:
            put_key_file(spent, encode_public(key.private))
    # For whoever must know the key before it is used: a platform, the identity provider.
    put_key_file(path.with_suffix(".pub"), encode_public(signer.private))
    put_key_file(path, content)
    return {
        "purpose": purpose,
        "kid": signer.key.key_id,
        "alg": signer.key.algorithm,
        "file": str(path),
        "use_from": _await_announcement(settings, signer.key.key_id),
    }


def _forget(settings: Settings) -> Mapping[str, object]:
    """Put the public half in the place of each retired key that this machine holds."""
    retired = {key.kid for key in _ask(settings).keys if key.retired_at is not None}
    forgotten = list[str]()
    for purpose in KeyPurpose:
        if getattr(settings.keys, purpose) is None:
            continue
        ring = _read_ring(purpose, _path_of(settings, purpose))
        spent = [(path, key) for path, key in ring if key.key.key_id in retired]
        # Without its successor this machine would have nothing to sign with.
        if len(spent) < len(ring):
            for path, key in spent:
                put_key_file(path, encode_public(key.private))
                forgotten.append(str(path))
    return {"forgotten": forgotten}


def _await_announcement(settings: Settings, key_id: str) -> datetime | None:
    """Return when the key will be used; None where no gateway has seen it in time."""
    for _ in range(LOOKS_MAX):
        try:
            known = {key.kid: key.use_from for key in _ask(settings).keys}
        except DoorUnavailable as error:
            print(f"{error.prose} The key is announced when it runs.", file=sys.stderr)
            return None
        if key_id in known:
            return known[key_id]
        time.sleep(LOOK_SECONDS)
    return None


def _ask(settings: Settings) -> ShownKeys:
    answer = call_json(settings.doors.operations.port, "GET", "/keys")
    try:
        return msgspec.convert(answer, ShownKeys)
    except msgspec.ValidationError as error:
        raise DoorUnavailable(detail=str(answer.get("detail", error))) from error


def _path_of(settings: Settings, purpose: KeyPurpose) -> Path:
    path: object = getattr(settings.keys, purpose)
    if not isinstance(path, Path):
        raise KeyUnusable(detail=f"keys.{purpose} is not configured")
    return path


def _read_ring(purpose: KeyPurpose, first: Path) -> list[tuple[Path, JoseFileKey]]:
    """Return the private keys of a ring with their files, the earliest first; one at least."""
    read = [(file.path, read_ring_key(purpose, file.path)) for file in list_ring_files(first)]
    held = [(path, key) for path, key in read if key is not None]
    if not held:
        raise KeyUnusable(detail=f"{first}: no private key")
    return held


def _read_instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text}: say in which zone, as in 2026-02-01T00:00:00Z")
    return instant
