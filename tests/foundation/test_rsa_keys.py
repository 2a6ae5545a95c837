"""RSA keys: PS256 and nothing else, of a size and exponent that are safe."""

from pathlib import Path

import joserfc.jwk
import joserfc.jws
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.foundation.keys import FileKey, KeyUnusable, parse_private_key
from creditbridge.foundation.rsa_keys import load_token_key, parse_token_key
from creditbridge.protocols.jwk import PRIVATE_MEMBERS, format_jwks
from creditbridge.protocols.jws import sign_compact, verify_compact
from creditbridge.protocols.rsa_jwk import parse_jose_jwk, thumbprint_of

RSA_PRIVATE = rsa.generate_private_key(65537, 2048)
CLAIMS = b'{"iss":"https://gateway.example"}'


def pem_of(
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> bytes:
    """The private key as PKCS #8."""
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


KEY = parse_token_key(pem_of(RSA_PRIVATE))


def test_a_token_under_ps256_is_read_by_us_and_by_joserfc() -> None:
    """The header names algorithm and key, under the thumbprint; the salt is as others expect."""
    token = sign_compact(CLAIMS, KEY.current(), typ="JWT")

    read = joserfc.jws.deserialize_compact(
        token, joserfc.jwk.import_key({**KEY.key.to_jwk()}), algorithms=["PS256"]
    )
    header = {"alg": "PS256", "kid": thumbprint_of(KEY.key), "typ": "JWT"}
    assert (read.payload, read.headers()) == (CLAIMS, header)
    assert verify_compact(token, lambda _: KEY.key, typ="JWT", algorithms={"PS256"}) == CLAIMS


def test_a_signature_counts_for_its_bytes_alone() -> None:
    """One byte changed, one left out: refused."""
    signature = KEY.sign(b"message")

    for altered, message in ((signature, b"messagE"), (signature[:-1], b"message")):
        with pytest.raises(SignatureInvalid):
            KEY.key.verify(altered, message)


def test_K1_a_published_rsa_key_is_public() -> None:
    """`kid`, `use`, `alg` and the two public numbers; it reads back as the same key."""
    (jwk,) = format_jwks([KEY.key])["keys"]

    assert jwk.keys() == {"kty", "n", "e", "kid", "use", "alg"}
    assert PRIVATE_MEMBERS.isdisjoint(jwk)
    assert parse_jose_jwk(jwk) == KEY.key


def test_a_key_of_p256_signs_tokens_too(tmp_path: Path) -> None:
    """ES256, from a file that its owner alone may read."""
    path = tmp_path / "token.key"
    path.touch(mode=0o600)
    path.write_bytes(pem_of(ec.derive_private_key(7, ec.SECP256R1())))

    key = load_token_key(path)

    assert isinstance(key, FileKey)
    assert key.current().key.algorithm == "ES256"
    path.chmod(0o640)
    with pytest.raises(KeyUnusable):
        load_token_key(path)


@pytest.mark.parametrize(
    "content",
    [
        pem_of(rsa.generate_private_key(65537, 1024)),  # noqa: S505 - it must be refused
        pem_of(rsa.generate_private_key(3, 2048)),
        pem_of(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))),
        pem_of(ec.derive_private_key(7, ec.SECP384R1())),
        b"no key",
    ],
    ids=["short", "exponent", "ed25519", "curve", "empty"],
)
def test_K1_what_signs_no_token_is_refused(content: bytes) -> None:
    """1024 bits, another exponent, Ed25519, another curve, no key at all."""
    with pytest.raises(KeyUnusable):
        parse_token_key(content)


def test_H2_an_rsa_key_signs_no_message() -> None:
    """No purpose but that of tokens takes its file."""
    with pytest.raises(KeyUnusable):
        parse_private_key(pem_of(RSA_PRIVATE))
