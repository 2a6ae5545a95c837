"""Keys of the SM suite: SM2 with SM3, behind the same seam as the house's other keys.

A signer has two lines (`key`, `sign`), as in `foundation/keys.py`; here signatures are DER, as
national messages carry them. Private halves come in PEM (PKCS #8) of curve sm2p256v1. Nothing
signs before `open_sm2` has seen the standard's own example hold (GB/T 32918.5-2017, A.2).
"""

import hashlib
import re
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

import msgspec

from creditbridge.foundation.errors import SignatureInvalid
from creditbridge.foundation.keys import KeyUnusable
from creditbridge.foundation.libcrypto import Libcrypto, LibcryptoUnusable, Sm2Failed
from creditbridge.protocols import sm2_cipher, sm2_signature

SIGNER_ID = b"1234567812345678"  # GM/T 0009-2012, section 10: where nobody agreed on another.

# SubjectPublicKeyInfo of an uncompressed point, up to the point; PKCS #8 up to the number.
SPKI_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
PKCS8_HEAD = bytes.fromhex("3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420")
POINT_BYTES = 65

# The standard's example, which the test vectors hold as well.
EXAMPLE_POINT = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
EXAMPLE_NUMBER = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
EXAMPLE_MESSAGE = b"message digest"
EXAMPLE_SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END \1-----")


class Sm2PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key that may verify and encrypt, with its name; `spki` is DER."""

    key_id: str
    spki: bytes
    library: Libcrypto

    def verify(self, signature: bytes, message: bytes) -> None:
        """Accept a DER signature over the message.

        Raises:
            SignatureInvalid: another key, other bytes, or another form than DER.
        """
        # The one DER form: libcrypto alone would decide how strictly it reads.
        sm2_signature.raw_from_der(signature)
        holds = self.library.verify(message, signature, public_der=self.spki, signer_id=SIGNER_ID)
        if not holds:
            raise SignatureInvalid(detail=f"key {self.key_id}")

    def wrap(self, secret: bytes) -> bytes:
        """Return a secret that only the private half reads: `C1 || C3 || C2`."""
        return sm2_cipher.raw_from_der(self.library.encrypt(secret, public_der=self.spki))


class Sm2PrivateKey(msgspec.Struct, frozen=True, kw_only=True):
    """A private key, held in memory; `pkcs8` is DER."""

    key: Sm2PublicKey
    pkcs8: bytes

    def sign(self, message: bytes) -> bytes:
        """Return the DER signature."""
        return self.key.library.sign(message, private_der=self.pkcs8, signer_id=SIGNER_ID)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the secret that was wrapped for this key.

        Raises:
            CipherMalformed: not `C1 || C3 || C2`.
            Sm2Failed: wrapped for another key, or altered.
        """
        der = sm2_cipher.der_from_raw(wrapped)
        return self.key.library.decrypt(der, private_der=self.pkcs8)


def open_sm2(path: str | None = None) -> Libcrypto:
    """Return the system's libcrypto once the standard's example holds there.

    Raises:
        LibcryptoUnusable: absent, too old, or its SM2 is not the standard's.
    """
    library = Libcrypto(path)
    public = Sm2PublicKey(key_id="example", spki=SPKI_HEAD + EXAMPLE_POINT, library=library)
    private = Sm2PrivateKey(key=public, pkcs8=pkcs8_of(EXAMPLE_NUMBER))
    try:
        public.verify(sm2_signature.der_from_raw(EXAMPLE_SIGNATURE), EXAMPLE_MESSAGE)
        # The example is of a fixed number; that this library makes its own is seen both ways.
        public.verify(private.sign(EXAMPLE_MESSAGE), EXAMPLE_MESSAGE)
        opened = private.unwrap(public.wrap(EXAMPLE_NUMBER))
    except (SignatureInvalid, Sm2Failed, sm2_cipher.CipherMalformed) as error:
        raise LibcryptoUnusable(detail=f"self-test: {error.detail}") from error
    if opened != EXAMPLE_NUMBER:
        raise LibcryptoUnusable(detail="self-test: what was encrypted came back as something else")
    return library


def parse_sm2_private_key(
    content: bytes, library: Libcrypto, *, key_id: str | None = None, origin: str = ""
) -> Sm2PrivateKey:
    """Return the private key that PEM bytes hold (PKCS #8); `origin` names them in the error.

    Raises:
        KeyUnusable: no PEM, or not a key pair of sm2p256v1.
    """
    pkcs8 = _read_pem(content, b"PRIVATE KEY", origin=origin)
    # The point is the last member that such a key has (RFC 5915, section 3).
    point = pkcs8[-POINT_BYTES:]
    key = Sm2PrivateKey(key=name_sm2_key(point, library, key_id=key_id), pkcs8=pkcs8)
    try:
        key.key.verify(key.sign(EXAMPLE_MESSAGE), EXAMPLE_MESSAGE)
    except (Sm2Failed, SignatureInvalid) as error:
        raise KeyUnusable(detail=f"{origin}: not a whole key pair of sm2p256v1") from error
    return key


def parse_sm2_public_key(
    content: bytes, library: Libcrypto, *, key_id: str | None = None
) -> Sm2PublicKey:
    """Return the public key that PEM bytes hold (SubjectPublicKeyInfo).

    Raises:
        KeyUnusable: no PEM, or not a key of sm2p256v1.
    """
    spki = _read_pem(content, b"PUBLIC KEY", origin="")
    if not spki.startswith(SPKI_HEAD):
        raise KeyUnusable(detail="not a public key of sm2p256v1")
    key = name_sm2_key(spki.removeprefix(SPKI_HEAD), library, key_id=key_id)
    try:
        # A point that is not on the curve fails here, at the start, and not at an answer.
        key.wrap(EXAMPLE_MESSAGE)
    except Sm2Failed as error:
        raise KeyUnusable(detail="not a point of sm2p256v1") from error
    return key


def name_sm2_key(point: bytes, library: Libcrypto, *, key_id: str | None = None) -> Sm2PublicKey:
    """Return a public key under a name, or under the SHA-256 of its SubjectPublicKeyInfo."""
    spki = SPKI_HEAD + point
    name = urlsafe_b64encode(hashlib.sha256(spki).digest()).rstrip(b"=").decode("ascii")
    return Sm2PublicKey(key_id=key_id or name, spki=spki, library=library)


def pkcs8_of(number: bytes) -> bytes:
    """Return PKCS #8 of a private number of 32 bytes, without its public half."""
    return PKCS8_HEAD + number


def _read_pem(content: bytes, label: bytes, *, origin: str) -> bytes:
    found = _PEM.search(content)
    if found is None or found[1] != label:
        raise KeyUnusable(detail=f"{origin}: not a PEM {label.decode('ascii').lower()}")
    try:
        return b64decode(b"".join(found[2].split()), validate=True)
    except Base64Error as error:
        raise KeyUnusable(detail=f"{origin}: broken PEM") from error
