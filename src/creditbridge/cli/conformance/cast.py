"""Who plays before the suite: two banks, with one client each for every variant of the plans."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec
from joserfc.jwk import ECKey, RSAKey

RSA_BITS = 2048
SCOPES = ("consents", "reports")
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


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One way to be a client, as the suite tells them apart."""

    proof: Proof
    constraint: Constraint

    @property
    def name(self) -> str:
        """The name under which it is asked for."""
        return f"{self.proof}+{self.constraint}"

    def client_id(self, bank: str) -> str:
        """Return the id of the client that a bank has for this variant."""
        proof = "jwt" if self.proof is Proof.PRIVATE_KEY_JWT else "mtls"
        return f"{bank}-{proof}-{self.constraint}"


VARIANTS: Mapping[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant(proof=proof, constraint=constraint) for proof in Proof for constraint in Constraint
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


def describe_client(
    variant: Variant, *, bank: str, jwk: Jwk, organisation: str
) -> dict[str, object]:
    """Return a client as an onboarding names it."""
    client_id = variant.client_id(bank)
    described: dict[str, object] = {
        "client_id": client_id,
        "scopes": SCOPES,
        # The suite signs no HTTP message; what needs one is not what it looks at.
        "requires_signature": False,
        "keys": [],
    }
    if variant.constraint is Constraint.DPOP:
        described["sender_constraint"] = "DPOP"
    if variant.proof is Proof.MTLS:
        subject = f"CN={client_id},O={organisation},C=CN"
        return {**described, "matcher": {"kind": "subject_dn", "value": subject}}
    public = {name: value for name, value in jwk.items() if name not in PRIVATE}
    return {
        **described,
        "authentication": "private_key_jwt",
        "assertion_algorithms": [jwk["alg"]],
        "keys": [public],
    }
