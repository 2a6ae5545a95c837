"""The signed bytes that an entry's digests were taken of: no credit data is in them."""

import msgspec


class RequestProof(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank sent, as its pack must show it: no credit data is in it."""

    body: bytes
    base: bytes | None = None  # The signature base (RFC 9421, section 2.5); None: unsigned.
    signature: bytes | None = None
    key_id: str | None = None


class ArtefactProof(msgspec.Struct, frozen=True, kw_only=True):
    """A consent artefact with the gateway's signature over its bytes."""

    artefact: bytes
    signature: bytes
    key_id: str


class ApprovalProof(msgspec.Struct, frozen=True, kw_only=True):
    """What an approver's passkey signed, and with which key (WebAuthn Level 3, section 7.2)."""

    statement: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    credential_id: bytes
    public_key: bytes  # COSE, as it was enrolled.

    @property
    def parts(self) -> tuple[bytes, ...]:
        """What the digest `approval` is taken of, in its order."""
        return (
            self.statement,
            self.client_data,
            self.authenticator_data,
            self.signature,
            self.credential_id,
            self.public_key,
        )


class ExchangeProof(msgspec.Struct, frozen=True, kw_only=True):
    """One query and its answer, without the answer's body; the answer's part is absent at first."""

    platform: str
    query_id: str
    query_base: bytes
    query_signature: bytes
    query_key_id: str
    grant: bytes
    answer_base: bytes | None = None
    answer_signature: bytes | None = None
    answer_key_id: str | None = None


class Proofs(msgspec.Struct, frozen=True, kw_only=True):
    """Signed bytes that an entry's digests were taken of; sealed beside its opening."""

    request: RequestProof | None = None
    artefact: ArtefactProof | None = None
    approval: ApprovalProof | None = None
    exchanges: tuple[ExchangeProof, ...] = ()
