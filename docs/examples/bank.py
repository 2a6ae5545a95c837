# ruff: noqa: INP001, TID251 -- a script by itself: no package around it, and a clock of its own
"""A bank's machine in one file: nothing but Python 3.11 and `cryptography`.

    python docs/examples/bank.py FOLDER consent USCC NAME
    python docs/examples/bank.py FOLDER show CONSENT_ID
    python docs/examples/bank.py FOLDER report CONSENT_ID USCC
    python docs/examples/bank.py FOLDER status REPORT_ID
    python docs/examples/bank.py FOLDER evidence REPORT_ID > pack.zip

FOLDER is that of `creditbridge demo --stay`. The answer's body goes to standard output, what else
is worth knowing to standard error. The exit status is 0 where the gateway said yes.

Each request carries a token that is bound to the certificate (RFC 8705) and is signed (RFC 9421);
each answer's signature is checked, over the answer and over the request that it answers.
"""

import argparse
import base64
import hashlib
import http.client
import json
import re
import secrets
import ssl
import sys
import time
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

ALWAYS = ("@method", "@target-uri", "authorization")
IF_PRESENT = ("idempotency-key", "x-fapi-interaction-id", "content-digest", "content-type")
SECTIONS = ["REG", "PEN", "LST", "EVA"]
PURPOSE = "PRE_LOAN_REVIEW"
OK_MAX = 299

Headers = dict[str, str]


def encode(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def key_id_of(key: ec.EllipticCurvePublicKey) -> str:
    """Return the thumbprint under which the gateway knows a key (RFC 7638)."""
    point = key.public_numbers()
    x, y = (encode(number.to_bytes(32)) for number in (point.x, point.y))
    text = json.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":"))
    return encode(hashlib.sha256(text.encode()).digest())


def sign(
    method: str, url: str, headers: Mapping[str, str], body: bytes, key: ec.EllipticCurvePrivateKey
) -> Headers:
    """Return the headers of a request with its signature; names in lower case."""
    signed = dict(headers)
    if body:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        signed |= {"content-type": "application/json", "content-digest": f"sha-256=:{digest}:"}
    values = {"@method": method, "@target-uri": url, **signed}
    covered = [*ALWAYS, *(name for name in IF_PRESENT if name in signed)]
    listed = " ".join(f'"{name}"' for name in covered)
    parameters = (
        f"({listed});created={int(time.time())};"
        f'nonce="{secrets.token_urlsafe(24)}";'
        f'keyid="{key_id_of(key.public_key())}";tag="fapi-2-request"'
    )
    lines = [f'"{name}": {values[name]}' for name in covered]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    # Raw `r || s`, 64 bytes, not the DER form that the library gives (RFC 9421, section 3.3.4).
    r, s = decode_dss_signature(key.sign(base.encode(), ec.ECDSA(SHA256())))
    signature = base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()
    signed["signature-input"] = f"sig1={parameters}"
    signed["signature"] = f"sig1=:{signature}:"
    return signed


def require_signed_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    request: Mapping[str, str],
    gateway: ec.EllipticCurvePublicKey,
) -> None:
    """Accept an answer that the gateway signed, bound to the request as it was sent.

    `request` holds the request's headers and its `@method` and `@target-uri`. Raises where the
    signature does not verify.
    """
    parameters = headers["signature-input"].removeprefix("sig1=")
    covered = re.findall(r'"([^"]+)"((?:;req|;key="[^"]+")*)[ )]', parameters)
    for needed in ("@status", "@method", "@target-uri", "content-digest" if body else "@status"):
        if needed not in {name for name, _ in covered}:
            message = f"the answer's signature does not cover {needed}"
            raise ValueError(message)
    lines = []
    for name, flags in covered:
        values = request if ";req" in flags else {"@status": str(status), **headers}
        # A member of a dictionary is covered as its bare value (RFC 9421, section 2.1.2).
        value = values[name].removeprefix("sig1=") if ";key" in flags else values[name]
        lines.append(f'"{name}"{flags}: {value}')
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    raw = base64.b64decode(headers["signature"].removeprefix("sig1=").strip(":"))
    signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    gateway.verify(signature, base.encode(), ec.ECDSA(SHA256()))
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    if body and headers["content-digest"] != f"sha-256=:{digest}:":
        message = "the answer's body is not the one that was signed"
        raise ValueError(message)


class Bank:
    """One machine of a bank: a certificate for the connection, a key for its messages."""

    def __init__(self, folder: Path, name: str) -> None:
        settings = tomllib.loads((folder / "creditbridge.toml").read_text())
        own = folder / "pki" / "banks" / name
        self.url = str(settings["doors"]["bank"]["url"])
        self.client_id = f"{name}-lending"
        self.tls = ssl.create_default_context(cafile=folder / "pki" / "ca" / "doors.pem")
        self.tls.load_cert_chain(own / "client.pem", own / "client.key")
        key = load_pem_private_key((own / "message.key").read_bytes(), password=None)
        gateway = load_pem_public_key((folder / "pki/gateway/message.pub").read_bytes())
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(own)
        if not isinstance(gateway, ec.EllipticCurvePublicKey):
            raise TypeError(folder)
        self.key, self.gateway = key, gateway

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Headers, bytes]:
        """Return status, headers (names in lower case) and body of one answer."""
        connection = http.client.HTTPSConnection(urlsplit(self.url).netloc, context=self.tls)
        connection.request(method, path, body=body or None, headers=dict(headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {n.lower(): v for n, v in answer.getheaders()}, content

    def fetch_token(self) -> str:
        """Return an access token; it lives five minutes and works with this certificate alone."""
        form = urlencode({"grant_type": "client_credentials", "client_id": self.client_id})
        headers = {"content-type": "application/x-www-form-urlencoded"}
        status, _, body = self.send("POST", "/oauth/token", headers, form.encode())
        if status > OK_MAX:
            raise SystemExit(body.decode())
        return str(json.loads(body)["access_token"])

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> int:
        """Send a signed request, check and print what comes back, and return an exit status."""
        raw = b"" if body is None else json.dumps(body).encode()
        plain = {"authorization": f"Bearer {self.fetch_token()}", **(headers or {})}
        signed = sign(method, self.url + path, plain, raw, self.key)
        status, answered, content = self.send(method, path, signed, raw)
        sys.stderr.write(f"{status} {answered['content-type']}\n")
        if status <= OK_MAX:
            request = {"@method": method, "@target-uri": self.url + path, **signed}
            require_signed_answer(status, answered, content, request, self.gateway)
            sys.stderr.write("signed by the gateway, and bound to this request\n")
        for name in ("creditbridge-report", "idempotency-replayed", "retry-after"):
            if name in answered:
                sys.stderr.write(f"{name}: {answered[name]}\n")
        sys.stdout.buffer.write(content)
        return 0 if status <= OK_MAX else 1


def consent_body(uscc: str, name: str) -> dict[str, object]:
    """Return what a bank asks an enterprise to agree to: 90 days, three looks."""
    return {
        "enterprise": {"uscc": uscc, "name": name},
        "authorization_no": f"EXAMPLE-{secrets.token_hex(4)}",
        "purposes": [PURPOSE],
        "sections": SECTIONS,
        "valid_to": (datetime.now(UTC) + timedelta(days=90)).isoformat(),
        "max_queries": 3,
    }


def report_body(consent_id: str, uscc: str) -> dict[str, object]:
    """Return what a bank asks under a consent."""
    return {
        "consent_id": consent_id,
        "enterprise": uscc,
        "purpose": PURPOSE,
        "sections": SECTIONS,
        "operator_id": "credit-desk-17",
    }


def main() -> int:
    """Walk one act."""
    parser = argparse.ArgumentParser(description="A bank's machine in one file.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("act", choices=["consent", "show", "report", "status", "evidence"])
    parser.add_argument("words", nargs="+")
    parser.add_argument("--bank", default="north", choices=["north", "south"])
    parser.add_argument("--key", default=secrets.token_urlsafe(16), help="the Idempotency-Key")
    asked = parser.parse_args()
    bank, words = Bank(asked.folder, asked.bank), asked.words
    match asked.act:
        case "consent":
            return bank.call("POST", "/v1/consents", consent_body(*words))
        case "show":
            return bank.call("GET", f"/v1/consents/{words[0]}")
        case "status":
            return bank.call("GET", f"/v1/reports/{words[0]}")
        case "evidence":
            return bank.call("GET", f"/v1/reports/{words[0]}/evidence")
        case _:
            sys.stderr.write(f"idempotency-key: {asked.key}\n")
            key = {"idempotency-key": f'"{asked.key}"'}
            return bank.call("POST", "/v1/reports", report_body(*words), key)


if __name__ == "__main__":
    sys.exit(main())
