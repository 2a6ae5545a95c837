"""Keys of the SM suite, judged by the standard's example, others' vectors and OpenSSL."""

import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import msgspec
import pytest

from creditbridge.foundation.errors import CreditbridgeError, SignatureInvalid
from creditbridge.foundation.keys import KeyUnusable
from creditbridge.foundation.libcrypto import Libcrypto, LibcryptoUnusable, Sm2Failed
from creditbridge.protocols import sm2_keys, sm2_signature
from creditbridge.protocols.sm2_cipher import CipherMalformed
from creditbridge.protocols.sm2_keys import (
    EXAMPLE_NUMBER,
    EXAMPLE_POINT,
    SPKI_HEAD,
    Sm2PrivateKey,
    name_sm2_key,
    open_sm2,
    parse_sm2_private_key,
    parse_sm2_public_key,
    pkcs8_of,
)

# PKCS #8 with both halves (RFC 5915), around the standard's example key.
WHOLE = (
    bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420")
    + EXAMPLE_NUMBER
    + bytes.fromhex("a144034200")
    + EXAMPLE_POINT
)
MESSAGE = b"a query"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One signature that others made, right or wrong, in DER."""

    comment: str
    result: str
    id_hex: str
    msg_hex: str
    public_key_hex: str
    sig_der_hex: str


class Suite(msgspec.Struct, frozen=True):
    """The file of signatures."""

    tests: list[Case]


def pem(label: str, der: bytes) -> bytes:
    """Return PEM bytes."""
    body = b64encode(der).decode("ascii")
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n".encode("ascii")


@pytest.fixture(scope="module")
def library() -> Libcrypto:
    """The system's libcrypto, self-tested."""
    return open_sm2()


@pytest.fixture(scope="module")
def key(library: Libcrypto) -> Sm2PrivateKey:
    """The standard's example key."""
    return parse_sm2_private_key(pem("PRIVATE KEY", WHOLE), library, key_id="ours")


def test_others_signatures_are_judged_as_they_say(vectors: Path, library: Libcrypto) -> None:
    """Of 54 signatures 20 hold and 34 are refused, under ids of their own."""
    suite = msgspec.json.decode((vectors / "sm2" / "sm2.json").read_bytes(), type=Suite)

    judged = [(case.result, holds(case, library)) for case in suite.tests]

    assert judged.count(("valid", True)) == 20
    assert judged.count(("invalid", False)) == 34
    assert len(judged) == 54


def holds(case: Case, library: Libcrypto) -> bool:
    """Tell whether a signature holds by our reading: its form, then libcrypto's word."""
    signature = bytes.fromhex(case.sig_der_hex)
    public = SPKI_HEAD + bytes.fromhex(case.public_key_hex)
    try:
        sm2_signature.raw_from_der(signature)
        return library.verify(
            bytes.fromhex(case.msg_hex),
            signature,
            public_der=public,
            signer_id=bytes.fromhex(case.id_hex),
        )
    except CreditbridgeError:
        return False


def test_a_signature_holds_for_its_message_and_key_alone(
    key: Sm2PrivateKey, library: Libcrypto
) -> None:
    """Another message, another key, another form: each is refused."""
    signature = key.sign(MESSAGE)
    other = name_sm2_key(other_point(library), library)

    key.key.verify(signature, MESSAGE)
    for verifier, made, message in (
        (key.key, signature, b"another query"),
        (other, signature, MESSAGE),
        (key.key, signature[:-1], MESSAGE),
        (key.key, signature + b"\x00", MESSAGE),
    ):
        with pytest.raises(SignatureInvalid):
            verifier.verify(made, message)


def other_point(library: Libcrypto) -> bytes:
    """Return another point of the curve: the one that an encryption happens to begin with."""
    wrapped = name_sm2_key(EXAMPLE_POINT, library).wrap(b"k")
    return wrapped[:65]


def test_two_signatures_of_one_message_differ(key: Sm2PrivateKey) -> None:
    """Each takes a fresh random number: one number used twice would give the key away."""
    assert key.sign(MESSAGE) != key.sign(MESSAGE)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_takes_our_signatures_and_we_take_its_keys(
    tmp_path: Path, library: Libcrypto
) -> None:
    """The command line makes a key pair, and verifies what we sign with it."""
    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    run("openssl", "genpkey", "-algorithm", "SM2", "-out", str(private))
    run("openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public))
    theirs = parse_sm2_private_key(private.read_bytes(), library)
    (tmp_path / "message").write_bytes(MESSAGE)
    (tmp_path / "signature").write_bytes(theirs.sign(MESSAGE))

    said = run(
        *("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin"),
        *("-digest", "sm3", "-pkeyopt", "distid:1234567812345678"),
        *("-in", str(tmp_path / "message"), "-sigfile", str(tmp_path / "signature")),
    )

    assert said.strip() == "Signature Verified Successfully"
    assert parse_sm2_public_key(public.read_bytes(), library).key_id == theirs.key.key_id


def run(*command: str) -> str:
    """Return what a command printed."""
    made = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 -- ours
    return made.stdout


def test_a_wrapped_secret_is_read_by_its_key_alone(key: Sm2PrivateKey, library: Libcrypto) -> None:
    """The private half reads it; one changed byte, and nobody does."""
    wrapped = key.key.wrap(b"0123456789abcdef")

    assert key.unwrap(wrapped) == b"0123456789abcdef"
    altered = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    with pytest.raises(Sm2Failed):
        key.unwrap(altered)
    with pytest.raises(CipherMalformed):
        key.unwrap(b"\x02" + wrapped[1:])
    foreign = name_sm2_key(other_point(library), library).wrap(b"0123456789abcdef")
    with pytest.raises(Sm2Failed):
        key.unwrap(foreign)


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", "here: not a PEM private key"),
        (pem("PUBLIC KEY", SPKI_HEAD + EXAMPLE_POINT), "here: not a PEM private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAAA\n-----END PRIVATE KEY-----\n", "here: broken PEM"),
        (pem("PRIVATE KEY", b"\x30\x00"), "here: not a whole key pair of sm2p256v1"),
        (pem("PRIVATE KEY", pkcs8_of(EXAMPLE_NUMBER)), "here: not a whole key pair of sm2p256v1"),
        (
            pem("PRIVATE KEY", WHOLE.replace(EXAMPLE_NUMBER, bytes(31) + b"\x07")),
            "here: not a whole key pair of sm2p256v1",
        ),
    ],
)
def test_what_is_no_key_pair_is_refused(library: Libcrypto, content: bytes, detail: str) -> None:
    """Absent, public, broken, half, or two halves of different keys."""
    with pytest.raises(KeyUnusable) as refused:
        parse_sm2_private_key(content, library, origin="here")

    assert refused.value.detail == detail


@pytest.mark.parametrize(
    "spki",
    [b"\x30\x00", SPKI_HEAD + b"\x04" + bytes(64), SPKI_HEAD + EXAMPLE_POINT[:-1] + b"\x00"],
    ids=["not SPKI", "zero", "off the curve"],
)
def test_what_is_no_public_key_is_refused(library: Libcrypto, spki: bytes) -> None:
    """Neither another curve's key nor a point that is not on the curve."""
    with pytest.raises(KeyUnusable):
        parse_sm2_public_key(pem("PUBLIC KEY", spki), library)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EXAMPLE_SIGNATURE", b"\x01" * 64),
        ("EXAMPLE_NUMBER", bytes(31) + b"\x07"),
    ],
)
def test_a_failed_self_test_closes(
    monkeypatch: pytest.MonkeyPatch, name: str, value: bytes
) -> None:
    """A library that does not reproduce the standard's example is not used."""
    monkeypatch.setattr(sm2_keys, name, value)

    with pytest.raises(LibcryptoUnusable) as closed:
        open_sm2()

    assert closed.value.detail.startswith("self-test: ")


def test_a_library_that_decrypts_wrongly_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes back must be what was encrypted."""
    monkeypatch.setattr(Libcrypto, "decrypt", lambda *_, **__: b"something else")

    with pytest.raises(LibcryptoUnusable) as closed:
        open_sm2()

    assert "came back as something else" in closed.value.detail


@pytest.mark.parametrize("path", ["/nowhere/libcrypto.so", "libc.so.6"])
def test_another_library_is_refused_with_the_way_to_mend_it(path: str) -> None:
    """Absent, or without what is called: the message names the package."""
    with pytest.raises(LibcryptoUnusable) as refused:
        open_sm2(path)

    assert "libssl3" in refused.value.prose
    assert path in refused.value.detail


def test_a_system_without_libcrypto_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was found to load."""
    monkeypatch.setattr("ctypes.util.find_library", lambda _: None)

    with pytest.raises(LibcryptoUnusable) as refused:
        open_sm2()

    assert refused.value.detail == "no libcrypto on this system"


def test_an_old_libcrypto_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL 1.1 has other calls behind the same names."""
    monkeypatch.setattr("creditbridge.foundation.libcrypto.VERSION_MIN", 0x7FFFFFFF)

    with pytest.raises(LibcryptoUnusable) as refused:
        open_sm2()

    assert refused.value.detail.endswith("is older than OpenSSL 3")


def test_a_key_of_another_curve_is_no_sm2_key(library: Libcrypto) -> None:
    """Libcrypto would sign with it, by another algorithm."""
    p256 = bytes.fromhex(
        "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d81"
        "2deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    )

    with pytest.raises(Sm2Failed):
        library.encrypt(b"k", public_der=p256)
