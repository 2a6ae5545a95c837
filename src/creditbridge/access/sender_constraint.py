"""What a token is bound to, and who may therefore use it (RFC 8705, section 3; RFC 9449).

Each client is registered for one of the two, and nothing is ever bound to neither.
"""

from datetime import timedelta

from creditbridge.access.model import (
    Authenticated,
    Binding,
    ClientRequest,
    InvalidClient,
    InvalidDpopProof,
    NonceWanted,
    PresentedToken,
    SingleUse,
    Token,
    TokenUnbound,
    TokenUnproven,
    UseDpopNonce,
)
from creditbridge.access.rules import require_binding
from creditbridge.access.single_use import Admission, spend
from creditbridge.admission.rules import NonceReplayed
from creditbridge.foundation.database import Transaction
from creditbridge.parties.model import SenderConstraint
from creditbridge.protocols.dpop import (
    LIFE_SECONDS,
    Proof,
    ProofFault,
    ProofRejected,
    ProvenRequest,
    verify_proof,
)

METHOD = "POST"  # of every request that asks for a token (RFC 6749, section 3.2; RFC 9126)
DPOP_SCHEME = "dpop"
PROOF_LIFE = timedelta(seconds=LIFE_SECONDS)
# A key may sign messages too: what it has spent there is another thing.
USE_LABEL = "dpop\x00"


class CertificateMissing(InvalidClient):
    """No certificate to bind the token to."""

    message = (
        "Ask over a connection that presents a client certificate: "
        "the tokens of this client are bound to it."
    )


async def bind_token(
    tx: Transaction, request: ClientRequest, client: Authenticated, admission: Admission
) -> Binding:
    """Return what the token that a client asks for shall be bound to; a proof of a key is spent.

    Raises:
        CertificateMissing: its tokens are bound to a certificate, and it showed none.
        InvalidDpopProof: as `prove_key`; a proof from a client whose tokens are bound to its
            certificate.
    """
    if client.registration.client.sender_constraint is SenderConstraint.DPOP:
        return Binding(proof_key=await prove_key(tx, request, admission))
    # Passed over in silence, the client would hold a token of another kind than it believes.
    if request.proofs:
        raise InvalidDpopProof(ProofFault.UNWANTED)
    if client.certificate is None:
        raise CertificateMissing
    return Binding(thumbprint=client.certificate.thumbprint)


async def prove_key(tx: Transaction, request: ClientRequest, admission: Admission) -> str:
    """Return the thumbprint (RFC 7638) of the key that the request's one proof shows; it is spent.

    Raises:
        InvalidDpopProof: no proof, several, one that proves nothing, or one that was spent before.
        UseDpopNonce: one without a fresh nonce, where this server asks for it.
    """
    asked = ProvenRequest(method=METHOD, target_uri=request.target_uri, nonces=request.nonces)
    try:
        proof = verify_proof(request.proofs, asked, now=tx.now)
        await _spend(tx, proof, admission)
    except ProofRejected as error:
        kind = UseDpopNonce if error.fault is ProofFault.NONCE else InvalidDpopProof
        raise kind(error.fault, detail=error.detail) from error
    return proof.key_thumbprint


async def require_sender(
    tx: Transaction, token: Token, presented: PresentedToken, admission: Admission
) -> None:
    """Accept a token from whom it is bound to; the proof that shows the key is spent.

    Raises:
        TokenUnproven: it is bound to a key, and the proof is missing, proves nothing, or was spent
            before; as `NonceWanted`, it lacks a fresh nonce.
        TokenUnbound: another certificate or key, or under the other scheme.
    """
    is_dpop = presented.credential.scheme == DPOP_SCHEME
    # A token bound to a key is none of a bearer, with a proof or without (RFC 9449, section 7.2).
    if is_dpop is (token.proof_key is None):
        raise TokenUnbound(token)
    if not is_dpop:
        require_binding(token, presented.certificate)
        return
    asked = ProvenRequest(
        method=presented.method,
        target_uri=presented.target_uri,
        access_token=presented.credential.secret,
        nonces=presented.nonces,
    )
    try:
        proof = verify_proof(presented.proofs, asked, now=tx.now)
        # A good proof of another key: the token was stolen, or the key was changed.
        if proof.key_thumbprint != token.proof_key:
            raise TokenUnbound(token)
        await _spend(tx, proof, admission)
    except ProofRejected as error:
        kind = NonceWanted if error.fault is ProofFault.NONCE else TokenUnproven
        raise kind(token, error.fault) from error


async def _spend(tx: Transaction, proof: Proof, admission: Admission) -> None:
    use = SingleUse(
        owner=proof.key_thumbprint, value=USE_LABEL + proof.jti, expires_at=tx.now + PROOF_LIFE
    )
    try:
        await spend(tx, use, admission)
    except NonceReplayed as error:
        raise ProofRejected(ProofFault.REPLAYED) from error
