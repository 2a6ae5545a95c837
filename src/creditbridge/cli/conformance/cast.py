"""Who plays before the suite: two banks, with one client each for every variant of the plans."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec
from joserfc.jwk import ECKey, RSAKey

RSA_BITS = 2048
OPENID = "openid"
SCOPES = ("consents", "reports")
IN_BROWSER = ("authorization_code", "client_credentials", "refresh_token")
WITHOUT_BROWSER = ("refresh_token", "urn:openid:params:grant-type:ciba")
BANKS = ("north", "south")  # The suite's first client, and its second.
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi"})

Jwk = dict[str, str]


class Proof(StrEnum):
    """How a client proves itself; the value is the suite's `client_auth_type`."""

    MTLS = "mtls"
    PRIVATE_KEY_JWT = "private_key_jwt"


class Constraint(StrEnum):
    """What its tokens are bound to; the value is the suite's `sender_constrain`."""

    MTLS = "mtls"
    DPOP = "dpop"


class Asking(StrEnum):
    """How it asks people, where it does: the value is the last part of a variant's name."""

    PLAIN = ""
    SIGNED = "signed"  # By requests that it signs (RFC 9101).
    CIBA = "ciba"  # Without a browser, by requests that it signs.


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One way to be a client, as the suite tells them apart."""

    proof: Proof
    constraint: Constraint
    asking: Asking

    @property
    def name(self) -> str:
        """The name under which it is asked for."""
        return "+".join(filter(None, [self.proof, self.constraint, self.asking]))

    def client_id(self, bank: str) -> str:
        """Return the id of the client that a bank has for this variant."""
        proof = "jwt" if self.proof is Proof.PRIVATE_KEY_JWT else "mtls"
        return "-".join(filter(None, [bank, proof, self.constraint, self.asking]))


VARIANTS: Mapping[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant(proof=proof, constraint=constraint, asking=asking)
        for proof in Proof
        for constraint in Constraint
        for asking in Asking
        # The suite has no CIBA with DPoP.
        if asking is not Asking.CIBA or constraint is Constraint.MTLS
    )
}


def make_key(client_id: str, *, bank: str) -> Jwk:
    """Return a throw-away private key: the first bank signs with PS256, the second with ES256."""
    # The suite shows with the first client's key that RS256 is refused, and skips what it cannot
    # show with another than an RSA key.
    key = RSAKey.generate_key(RSA_BITS) if bank == BANKS[0] else ECKey.generate_key("P-256")
    algorithm = "PS256" if bank == BANKS[0] else "ES256"
    made = msgspec.convert(key.as_dict(private=True), Jwk)
    return {**made, "kid": f"{client_id}-1", "use": "sig", "alg": algorithm}


def list_redirect_uris(suite_url: str, alias: str) -> list[str]:
    """Return where the suite takes answers; the second one is its second client's."""
    callback = f"{suite_url}/test/a/{alias}/callback"
    return [callback, f"{callback}?dummy1=lorem&dummy2=ipsum"]


def describe_client(
    variant: Variant, *, bank: str, jwk: Jwk, organisation: str, redirect_uris: Sequence[str]
) -> dict[str, object]:
    """Return a client as an onboarding names it."""
    client_id = variant.client_id(bank)
    public = {name: value for name, value in jwk.items() if name not in PRIVATE}
    asserts = variant.proof is Proof.PRIVATE_KEY_JWT
    described: dict[str, object] = {
        "client_id": client_id,
        "scopes": (*SCOPES, OPENID),
        # The suite signs no HTTP message; what needs one is not what it looks at.
        "requires_signature": False,
        # A client that neither proves itself by a key nor signs requests registers none.
        "keys": [public] if asserts or variant.asking else [],
    }
    if variant.asking is Asking.CIBA:
        described["grant_types"] = WITHOUT_BROWSER
    else:
        described |= {"grant_types": IN_BROWSER, "redirect_uris": redirect_uris}
    if variant.constraint is Constraint.DPOP:
        described["sender_constraint"] = "DPOP"
    if variant.asking is Asking.SIGNED:
        described["require_signed_request_object"] = True
    if asserts:
        method = {"authentication": "private_key_jwt", "assertion_algorithms": [jwk["alg"]]}
        return {**described, **method}
    subject = f"CN={client_id},O={organisation},C=CN"
    return {**described, "matcher": {"kind": "subject_dn", "value": subject}}
