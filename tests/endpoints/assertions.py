"""A bank's machine that signs assertions (RFC 7523), and forgers of such assertions."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import urlencode

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from tests.endpoints.stage import BANK_USCCS, FORM, PEOPLE_URL, Stage, make_certificate
from tests.endpoints.wire import Answer, send

from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.foundation.rsa_keys import RsaKey
from creditbridge.protocols.canonical_json import JsonValue, canonicalize
from creditbridge.protocols.rsa_jwk import JoseKey

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RSA_PRIVATE = rsa.generate_private_key(65537, 2048)
OTHER_RSA_PRIVATE = rsa.generate_private_key(65537, 2048)
PSS = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)

Members: TypeAlias = Mapping[str, object]
Sign: TypeAlias = Callable[[bytes], bytes]


def encode(raw: bytes) -> str:
    """Canonical base64url."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def forge(header: Members | bytes, payload: Members | bytes, sign: Sign) -> str:
    """A token with any header and payload, and a signature that holds over them."""
    raw = [
        part if isinstance(part, bytes) else msgspec.json.encode(part) for part in (header, payload)
    ]
    signed = ".".join(map(encode, raw))
    return f"{signed}.{encode(sign(signed.encode()))}"


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """A machine with a private key for assertions, and a certificate to bind tokens to."""

    client_id: str
    bank_id: str
    certificate: bytes
    algorithm: str
    key: JoseKey
    sign: Sign

    def claims(self, stage: Stage, **changes: object) -> dict[str, object]:
        """Good claims, with what the test changes; None takes a claim away."""
        now = int(stage.clock.now().timestamp())
        good = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": PEOPLE_URL,
            "iat": now,
            "exp": now + 60,
            "jti": encode(str(next(NUMBERS)).encode()),
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def header(self, **changes: object) -> dict[str, object]:
        """A good header, with what the test changes."""
        return {"alg": self.algorithm, "kid": self.key.key_id, **changes}

    def assert_self(self, stage: Stage, **changes: object) -> str:
        """A good assertion, with claims that the test changes."""
        return forge(self.header(), self.claims(stage, **changes), self.sign)

    def assertion_form(self, stage: Stage) -> dict[str, str]:
        """The parameters of a good assertion (RFC 7521, section 4.2)."""
        return {
            "client_assertion_type": JWT_BEARER,
            "client_assertion": self.assert_self(stage),
        }


NUMBERS = iter(range(1_000_000))


def make_signing_key(algorithm: str, key_id: str) -> tuple[JoseKey, Sign]:
    """Return a public key and what signs with its private half."""
    if algorithm == "PS256":
        key = RsaKey(key_id=key_id, material=RSA_PRIVATE.public_key())
        return key, lambda message: RSA_PRIVATE.sign(message, PSS, SHA256())
    private: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    if algorithm == "ES256":
        private = ec.generate_private_key(ec.SECP256R1())
    else:
        private = ed25519.Ed25519PrivateKey.generate()
    file_key = FileKey(key=name_key(private.public_key(), key_id=key_id), private=private)
    return file_key.key, file_key.sign


async def onboard_signing(
    stage: Stage, name: str, *, algorithm: str = "ES256", **changes: JsonValue
) -> Signing:
    """Bring in a bank with one machine that proves itself by assertions."""
    key, sign = make_signing_key(algorithm, f"{name}-{algorithm}")
    client: dict[str, JsonValue] = {
        "client_id": f"{name}-jwt",
        "authentication": "private_key_jwt",
        "assertion_algorithms": [algorithm],
        "scopes": ["consents", "reports"],
        "requires_signature": False,
        "keys": [dict[str, JsonValue](key.to_jwk())],
        **changes,
    }
    body: dict[str, JsonValue] = {
        "uscc": BANK_USCCS[name],
        "legal_name": f"{name} bank",
        "clients": [client],
    }
    change = await stage.operate("/changes", stage.propose(canonicalize(body)))
    assert change.status == 201, change.body
    approved = await stage.operate("/approvals", stage.approve(change))
    assert approved.status == 201, approved.body
    return Signing(
        client_id=f"{name}-jwt",
        bank_id=str(approved.json["bank_id"]),
        certificate=make_certificate(f"jwt.{name}.example"),
        algorithm=algorithm,
        key=key,
        sign=sign,
    )


async def ask_token(
    stage: Stage,
    assertion: str | None,
    certificate: bytes | None,
    *,
    proofs: Sequence[str] = (),
    **changes: str | None,
) -> Answer:
    """Ask for a token by an assertion; None takes a parameter away."""
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": JWT_BEARER,
        "client_assertion": assertion,
        **changes,
    }
    form = {name: value for name, value in fields.items() if value is not None}
    return await send(
        stage.bank,
        "POST",
        "/oauth/token",
        headers=[FORM, *(("dpop", proof) for proof in proofs)],
        body=urlencode(form).encode(),
        certificate=certificate,
    )
