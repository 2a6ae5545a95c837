"""A reader of the public log: it knows C2SP tlog-tiles and RFC 9162, and nothing of the product."""

import base64
import hashlib
import ssl
from collections.abc import Callable, Sequence
from http.client import HTTPSConnection
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from tests.waiting import PATIENCE_SECONDS

WIDTH = 256
HASH = 32
ED25519 = b"\x01"

Fetch = Callable[[str], bytes]


def open_log(port: int, authority: Path) -> Fetch:
    """Return how to read a file of the log at a people's door."""
    context = ssl.create_default_context(cafile=authority)

    def fetch(path: str) -> bytes:
        connection = HTTPSConnection("127.0.0.1", port, context=context, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise LookupError(path)
        return body

    return fetch


def read_checkpoint(note: bytes, *, origin: str, key_file: Path) -> tuple[int, bytes]:
    """Return size and root of a checkpoint whose signature holds (signed-note, tlog-checkpoint)."""
    key = load_pem_public_key(key_file.read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    text, signatures = note.decode().split("\n\n")
    name, size, root = f"{text}\n".splitlines()
    assert name == origin
    digest = hashlib.sha256(origin.encode() + b"\n" + ED25519 + key.public_bytes_raw()).digest()
    (line,) = signatures.splitlines()
    dash, signer, blob = line.split(" ")
    raw = base64.b64decode(blob, validate=True)
    assert (dash, signer, raw[:4]) == ("—", origin, digest[:4])
    key.verify(raw[4:], f"{text}\n".encode())
    return int(size), base64.b64decode(root, validate=True)


def path_of(level: str, number: int, width: int) -> str:
    """Return where a tile of `width` hashes lies."""
    digits = f"{number:03}"
    while len(digits) % 3:
        digits = f"0{digits}"
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"/tile/{level}/{name}" + ("" if width == WIDTH else f".p/{width}")


def read_entries(fetch: Fetch, size: int) -> list[bytes]:
    """Return every entry of a log of this size."""
    entries = list[bytes]()
    for number in range(-(-size // WIDTH)):
        raw = fetch(path_of("entries", number, min(WIDTH, size - number * WIDTH)))
        while raw:
            end = 2 + int.from_bytes(raw[:2])
            entries.append(raw[2:end])
            raw = raw[end:]
    return entries


def read_row(fetch: Fetch, level: int, size: int) -> list[bytes]:
    """Return the hashes of one level of tiles, in a tree of this size."""
    count = size >> (8 * level)
    raw = b"".join(
        fetch(path_of(str(level), number, min(WIDTH, count - number * WIDTH)))
        for number in range(-(-count // WIDTH))
    )
    return [raw[at : at + HASH] for at in range(0, len(raw), HASH)]


def leaf_of(entry: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162, section 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash over leaf hashes (RFC 9162, section 2.1.1)."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()
