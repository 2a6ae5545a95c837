"""An authenticator in software: it makes keys and signs, rightly or wrongly, as a test wishes."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec.structs import replace

from creditbridge.protocols.webauthn_assertion import Assertion, RelyingParty

GET = "webauthn.get"
Members: TypeAlias = Mapping[str, str | bool | None]
NONE: Members = {}
Private: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
PARTY = RelyingParty(rp_id="portal.example", origins=("https://portal.example",))


def base64url(raw: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


class Authenticator(msgspec.Struct, frozen=True, kw_only=True):
    """One credential on one device; what a test changes of it, it lies about."""

    private: Private
    credential_id: bytes
    rp_id: str = PARTY.rp_id
    origin: str = PARTY.origins[0]
    flags: int = UP | UV
    counter: int = 0
    extra: bytes = b""  # Behind the authenticator data.

    @property
    def public_key(self) -> bytes:
        """The public key in COSE."""
        public = self.private.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            numbers = public.public_numbers()
            x, y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)
            return bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y
        if isinstance(public, rsa.RSAPublicKey):
            size = public.key_size // 8
            modulus = size.to_bytes(2) + public.public_numbers().n.to_bytes(size)
            return bytes.fromhex("a4010303390100" + "2059") + modulus + bytes.fromhex("2143010001")
        return bytes.fromhex("a4010103272006215820") + public.public_bytes_raw()

    def sign(self, challenge: bytes, *, kind: str = GET, members: Members = NONE) -> Assertion:
        """Return the assertion over a challenge; `members` go into the client data."""
        client_data = self.client_data(challenge, kind=kind, members=members)
        return self.sign_bytes(client_data, self.authenticator_data())

    def sign_bytes(self, client_data: bytes, authenticator_data: bytes) -> Assertion:
        """Return the assertion of these very bytes."""
        message = authenticator_data + hashlib.sha256(client_data).digest()
        return Assertion(
            client_data=client_data,
            authenticator_data=authenticator_data,
            signature=self._signature_of(message),
        )

    def client_data(self, challenge: bytes, *, kind: str, members: Members = NONE) -> bytes:
        """Return the client data as a browser would write it."""
        said = {"type": kind, "challenge": base64url(challenge), "origin": self.origin}
        return json.dumps({**said, "crossOrigin": False, **members}).encode()

    def authenticator_data(self) -> bytes:
        """Return the authenticator data of an assertion."""
        digest = hashlib.sha256(self.rp_id.encode()).digest()
        return digest + bytes([self.flags]) + self.counter.to_bytes(4) + self.extra

    def attest(self, challenge: bytes, members: Members = NONE) -> tuple[bytes, bytes]:
        """Return client data and attestation object of a registration, without attestation."""
        client_data = self.client_data(challenge, kind="webauthn.create", members=members)
        data = bytearray(self.authenticator_data())
        data[32] |= AT
        size = len(self.credential_id)
        data += bytes(16) + size.to_bytes(2) + self.credential_id + self.public_key
        # A map of three in CBOR: the format `none`, an empty statement, the authenticator data.
        head = bytes.fromhex("a363666d74646e6f6e656761747453746d74a068617574684461746159")
        return client_data, head + len(data).to_bytes(2) + bytes(data)

    def counted(self, counter: int) -> "Authenticator":
        """Return it with another count."""
        return replace(self, counter=counter)

    def _signature_of(self, message: bytes) -> bytes:
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(message, ec.ECDSA(SHA256()))
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(message, padding.PKCS1v15(), SHA256())
        return self.private.sign(message)


def make_authenticator(algorithm: int = -7, *, synced: bool = False) -> Authenticator:
    """Return an authenticator with a new key; a synced one says that its key may leave it."""
    makers: Mapping[int, Callable[[], Private]] = {
        -7: lambda: ec.generate_private_key(ec.SECP256R1()),
        -8: ed25519.Ed25519PrivateKey.generate,
        -257: lambda: rsa.generate_private_key(65537, 2048),
    }
    private = makers[algorithm]()
    return Authenticator(
        private=private,
        credential_id=secrets.token_bytes(32),
        flags=UP | UV | ((BE | BS) if synced else 0),
    )
