"""Keys and the signer seam, judged by Wycheproof and the RFCs' examples."""

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.foundation.keys import (
    ED25519_SMALL_ORDERS,
    Algorithm,
    FileKey,
    KeyUnusable,
    load_file_key,
    name_key,
    parse_private_key,
    parse_public_key,
    thumbprint,
)

EC_PRIVATE = ec.derive_private_key(0x1234_5678_9ABC_DEF0, ec.SECP256R1())
ED_PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PRIVATES = pytest.mark.parametrize("private", [EC_PRIVATE, ED_PRIVATE], ids=["ec", "ed"])
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class Case(msgspec.Struct, frozen=True):
    """A Wycheproof case: message and signature in hexadecimal, and what must come of it."""

    comment: str
    msg: str
    sig: str
    result: str


class Group(msgspec.Struct, frozen=True):
    """A group of cases under one key."""

    key: str = msgspec.field(name="publicKeyPem")
    tests: list[Case]


class Suite(msgspec.Struct, frozen=True):
    """A Wycheproof file."""

    groups: list[Group] = msgspec.field(name="testGroups")


def pem_of(private: Private | rsa.RSAPrivateKey) -> bytes:
    """The private key as PKCS #8."""
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


PEM_LINES = pem_of(EC_PRIVATE).splitlines()


def write_key(folder: Path, mode: int) -> Path:
    """A key file with this mode."""
    path = folder / "key.pem"
    path.write_bytes(pem_of(EC_PRIVATE))
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("file", "count"),
    [("ecdsa_secp256r1_sha256_p1363_test.json", 262), ("ed25519_test.json", 151)],
)
def test_wycheproof_agrees_on_every_signature(vectors: Path, file: str, count: int) -> None:
    """Every valid signature is accepted, and not one of the others."""
    suite = msgspec.json.decode((vectors / "wycheproof" / file).read_bytes(), type=Suite)

    wrong = [
        (group.key, case.comment)
        for group in suite.groups
        for case in group.tests
        if is_accepted(group.key, case) is not (case.result == "valid")
    ]

    assert wrong == []
    assert sum(len(group.tests) for group in suite.groups) == count


def is_accepted(pem: str, case: Case) -> bool:
    """Whether the house takes the case's signature."""
    key = name_key(load_pem_public_key(pem.encode()))
    try:
        key.verify(bytes.fromhex(case.sig), bytes.fromhex(case.msg))
    except SignatureInvalid:
        return False
    return True


@PRIVATES
def test_a_key_verifies_what_it_signed(private: Private) -> None:
    """64 bytes, over these bytes, by this key."""
    key = parse_private_key(pem_of(private))

    signature = key.sign(b"message")

    assert len(signature) == 64
    key.key.verify(signature, b"message")
    with pytest.raises(SignatureInvalid):
        key.key.verify(signature, b"messagE")


@PRIVATES
@pytest.mark.parametrize("length", [0, 63, 65, 70])
def test_a_signature_has_64_bytes(private: Private, length: int) -> None:
    """Shorter and longer ones, DER among them, are refused before they are looked at."""
    key = parse_private_key(pem_of(private))
    signature = (key.sign(b"message") + bytes(6))[:length]

    with pytest.raises(SignatureInvalid):
        key.key.verify(signature, b"message")


@pytest.mark.parametrize("value", [0, ORDER, ORDER + 1, 2**256 - 1])
@pytest.mark.parametrize("part", ["r", "s", "both"])
def test_r_and_s_lie_between_zero_and_the_order(value: int, part: str) -> None:
    """Zero, the order and more are no part of an ECDSA signature."""
    key = parse_private_key(pem_of(EC_PRIVATE))
    good = key.sign(b"message")
    bad = value.to_bytes(32)
    forged = {"r": bad + good[32:], "s": good[:32] + bad, "both": bad + bad}

    with pytest.raises(SignatureInvalid):
        key.key.verify(forged[part], b"message")


def test_the_rfcs_thumbprints_are_reproduced() -> None:
    """RFC 8037, appendix A.3: the Ed25519 key of RFC 8032's first test."""
    raw = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    material = ed25519.Ed25519PublicKey.from_public_bytes(raw)

    assert thumbprint(material) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_key_is_published_with_its_name() -> None:
    """Public members only; 32-byte coordinates keep their leading zeros."""
    jwk = name_key(ED_PRIVATE.public_key(), key_id="gateway-1").to_jwk()

    assert jwk == {
        "crv": "Ed25519",
        "kty": "OKP",
        "x": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg",
        "alg": "EdDSA",
        "kid": "gateway-1",
        "use": "sig",
    }
    ec_jwk = name_key(EC_PRIVATE.public_key()).to_jwk()
    assert ec_jwk.keys() == {"crv", "kty", "x", "y", "alg", "kid", "use"}
    assert (len(ec_jwk["x"]), len(ec_jwk["y"])) == (43, 43)
    assert ec_jwk["kid"] == thumbprint(EC_PRIVATE.public_key())


@PRIVATES
def test_a_public_pem_is_read_under_the_given_name(private: Private) -> None:
    """Or under its thumbprint."""
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    assert parse_public_key(pem, key_id="mine").key_id == "mine"
    assert parse_public_key(pem).key_id == thumbprint(private.public_key())
    assert parse_public_key(pem).algorithm in Algorithm


def test_a_key_file_of_its_owner_alone_is_read(tmp_path: Path) -> None:
    """Mode 600, or stricter."""
    for mode in (0o600, 0o400):
        key = load_file_key(write_key(tmp_path, mode), key_id="mine")
        assert key.key.key_id == "mine"
        (tmp_path / "key.pem").unlink()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o610, 0o644])
def test_a_key_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    """Readable, writable or executable by group or others."""
    with pytest.raises(KeyUnusable, match="start is refused"):
        load_file_key(write_key(tmp_path, mode))


def test_an_absent_key_file_is_refused(tmp_path: Path) -> None:
    """Neither there, nor a file."""
    for path in (tmp_path / "absent.pem", tmp_path):
        with pytest.raises(KeyUnusable):
            load_file_key(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n".join([PEM_LINES[0], b"AAAA", PEM_LINES[-1], b""]),
        EC_PRIVATE.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        ),
        EC_PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        pem_of(rsa.generate_private_key(65537, 2048)),
    ],
    ids=["empty", "broken", "encrypted", "public", "rsa"],
)
def test_what_is_no_private_key_of_ours_is_refused(content: bytes) -> None:
    """Empty, broken, encrypted, public, RSA."""
    with pytest.raises(KeyUnusable):
        parse_private_key(content)


def test_another_curve_is_refused() -> None:
    """Only P-256 signs here, read from either half."""
    other = ec.derive_private_key(7, ec.SECP384R1())
    public = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(KeyUnusable):
        parse_private_key(pem_of(other))
    with pytest.raises(KeyUnusable):
        parse_public_key(public)
    with pytest.raises(KeyUnusable):
        parse_public_key(b"no key")


def small_points() -> list[bytes]:
    """Every encoding of a point of small order: both signs, and y beyond the prime."""
    prime = 2**255 - 19
    beyond = [y + prime for y in ED25519_SMALL_ORDERS if y + prime < 2**255]
    heights = [*ED25519_SMALL_ORDERS, *beyond]
    return [(y + sign).to_bytes(32, "little") for y in heights for sign in (0, 1 << 255)]


def test_an_ed25519_key_of_small_order_is_refused() -> None:
    """The library verifies a forged signature under such a key; the house takes no such key."""
    neutral = ed25519.Ed25519PublicKey.from_public_bytes(bytes([1, *bytes(31)]))
    neutral.verify(bytes([1, *bytes(63)]), b"whatever one likes")

    points = small_points()
    for point in points:
        with pytest.raises(KeyUnusable):
            name_key(ed25519.Ed25519PublicKey.from_public_bytes(point))
    assert len(points) == 14


def test_a_key_in_memory_is_a_signer() -> None:
    """What holds the private half has the public one beside it."""
    key = FileKey(key=name_key(ED_PRIVATE.public_key()), private=ED_PRIVATE)

    key.key.verify(key.sign(b"x"), b"x")
