"""A bank's machine that proves a key with each request (RFC 9449), and forgers of such proofs."""

import secrets
from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from tests.endpoints.stage import BANK_URL, FORM, Machine, Stage, make_key
from tests.endpoints.wire import Answer, Application, send

from creditbridge.foundation.keys import FileKey
from creditbridge.ledger.encoding import to_base64url
from creditbridge.protocols.dpop import hash_token

TOKEN_PATH = "/oauth/token"
RESOURCE = "/v1/consents"
RSA_PRIVATE = rsa.generate_private_key(65537, 2048)

Members: TypeAlias = Mapping[str, object]


def public_jwk(key: FileKey) -> dict[str, str]:
    """Return the members that make a public key, and no name."""
    return {name: value for name, value in key.key.to_jwk().items() if name in "kty crv x y"}


def rsa_jwk() -> dict[str, str]:
    """Return the RSA key as a public JWK."""
    modulus = RSA_PRIVATE.public_key().public_numbers().n
    return {"kty": "RSA", "e": "AQAB", "n": to_base64url(modulus.to_bytes(256))}


def sign_rs256(message: bytes) -> bytes:
    """Sign as RS256, which FAPI forbids."""
    return RSA_PRIVATE.sign(message, PKCS1v15(), SHA256())


class Holder:
    """A bank's machine whose tokens are bound to a key; `door` is where it comes in."""

    def __init__(self, stage: Stage, machine: Machine) -> None:
        self.stage, self.machine, self.key = stage, machine, make_key()
        self.door: Application = stage.bank

    @property
    def second(self) -> int:
        """Now, as a proof says it."""
        return int(self.stage.clock.now().timestamp())

    def prove(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        key: FileKey | None = None,
        header: Members | None = None,
        claims: Members | None = None,
        sign: Callable[[bytes], bytes] | None = None,
    ) -> str:
        """Make a proof; members of `header` and `claims` replace the good ones, None removes."""
        signer = key or self.key
        good: tuple[dict[str, object], dict[str, object]] = (
            {"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk(signer)},
            {
                "jti": secrets.token_urlsafe(16),
                "htm": method,
                "htu": BANK_URL + path,
                "iat": self.second,
                "ath": None if token is None else hash_token(token),
            },
        )
        merged = [
            {**part, **(change or {})} for part, change in zip(good, (header, claims), strict=True)
        ]
        parts = [
            {name: value for name, value in part.items() if value is not None} for part in merged
        ]
        signed = ".".join(to_base64url(msgspec.json.encode(part)) for part in parts)
        return f"{signed}.{to_base64url((sign or signer.sign)(signed.encode()))}"

    async def ask(self, *proofs: str, scope: str = "consents") -> Answer:
        """Ask for a token with these proofs."""
        form = f"grant_type=client_credentials&client_id={self.machine.client_id}&scope={scope}"
        return await send(
            self.door,
            "POST",
            TOKEN_PATH,
            headers=[FORM, *(("dpop", proof) for proof in proofs)],
            body=form.encode(),
            certificate=self.machine.certificate,
        )

    async def get_token(self) -> str:
        """Get a token that is bound to the key."""
        answer = await self.ask(self.prove("POST", TOKEN_PATH))
        assert answer.status == 200, answer.body
        assert answer.json["token_type"] == "DPoP"
        return str(answer.json["access_token"])

    async def use(
        self, token: str, *proofs: str, scheme: str = "DPoP", path: str = RESOURCE
    ) -> Answer:
        """Use a token without any certificate: the key alone counts."""
        headers = [("authorization", f"{scheme} {token}"), *(("dpop", proof) for proof in proofs)]
        return await send(self.door, "GET", path, headers=headers)
