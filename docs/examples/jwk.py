# ruff: noqa: INP001 -- a script by itself, with no package around it
"""Print the public JWK (RFC 7517) of a public key in PEM, as an onboarding names it.

python docs/examples/jwk.py message.pub
python docs/examples/jwk.py own.pem      a self-signed certificate: the JWK of its key, with `x5c`
"""

import base64
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate


def encode(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwk_of(pem: bytes) -> dict[str, str | list[str]]:
    """Return the members of the JWK; without `kid` the gateway names the key by its thumbprint.

    Raises:
        TypeError: neither EC P-256 nor Ed25519, nor RSA in a certificate.
    """
    if b"CERTIFICATE" not in pem:
        return members_of(load_pem_public_key(pem))
    certificate = load_pem_x509_certificate(pem)
    der = certificate.public_bytes(Encoding.DER)
    key = certificate.public_key()
    members = rsa_members_of(key) if isinstance(key, rsa.RSAPublicKey) else members_of(key)
    return {**members, "x5c": [base64.b64encode(der).decode()]}


def rsa_members_of(key: rsa.RSAPublicKey) -> dict[str, str]:
    """Return the members of an RSA key, which signs no message here."""
    n = key.public_numbers().n
    modulus = encode(n.to_bytes((n.bit_length() + 7) // 8))
    return {"alg": "PS256", "e": "AQAB", "kty": "RSA", "n": modulus, "use": "sig"}


def members_of(key: object) -> dict[str, str]:
    """Return the members of an EC P-256 or Ed25519 key."""
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        point = key.public_numbers()
        x, y = (encode(number.to_bytes(32)) for number in (point.x, point.y))
        return {"alg": "ES256", "crv": "P-256", "kty": "EC", "use": "sig", "x": x, "y": y}
    if isinstance(key, ed25519.Ed25519PublicKey):
        x = encode(key.public_bytes_raw())
        return {"alg": "EdDSA", "crv": "Ed25519", "kty": "OKP", "use": "sig", "x": x}
    message = "an EC P-256 or an Ed25519 key is needed"
    raise TypeError(message)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(jwk_of(Path(sys.argv[1]).read_bytes())) + "\n")
