"""The signed bytes that an entry's digests were taken of: no credit data is in them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

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


class SignatureSuite(StrEnum):
    """By which suite the two sides of an exchange signed.

    A third will say that the platform signs nothing (its sections are of assurance LOW, its
    answers GATEWAY_ATTESTED); readers of today refuse what they do not know.
    """

    HTTP_MESSAGE = "HTTP_MESSAGE"  # RFC 9421: the bases are those of section 2.5.
    SM2_MESSAGE = "SM2_MESSAGE"  # Canonical strings, signed by SM2 with SM3.


class ExchangeParts(msgspec.Struct, frozen=True, kw_only=True):
    """One query and its answer, without the answer's body; the answer's part is absent at first.

    The bases are the bytes that were signed; `grant` is what of the consent the query showed.
    """

    platform: str
    query_id: str
    query_base: bytes
    query_signature: bytes
    query_key_id: str
    grant: bytes
    answer_base: bytes | None = None
    answer_signature: bytes | None = None
    answer_key_id: str | None = None


class HttpExchange(
    ExchangeParts,
    frozen=True,
    kw_only=True,
    tag_field="suite",
    tag="HTTP_MESSAGE",
):
    """An exchange of HTTP messages: signatures are raw, the grant a header that was signed."""

    @property
    def suite(self) -> SignatureSuite:
        """Its tag."""
        return SignatureSuite.HTTP_MESSAGE


class Sm2Exchange(
    ExchangeParts,
    frozen=True,
    kw_only=True,
    tag_field="suite",
    tag="SM2_MESSAGE",
):
    """An exchange under the SM suite: signatures are DER, the grant the body that was signed."""

    @property
    def suite(self) -> SignatureSuite:
        """Its tag."""
        return SignatureSuite.SM2_MESSAGE


ExchangeProof: TypeAlias = HttpExchange | Sm2Exchange
EXCHANGES: Mapping[SignatureSuite, type[HttpExchange] | type[Sm2Exchange]] = MappingProxyType(
    {SignatureSuite.HTTP_MESSAGE: HttpExchange, SignatureSuite.SM2_MESSAGE: Sm2Exchange}
)


class ActProof(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator signed, and the public JWK (RFC 7517) of their key, canonical JSON both.

    The signature itself stands in the core.
    """

    act: bytes
    key: bytes


class Proofs(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that an entry's digests were taken of; sealed beside its opening.

    `text` is what a person was shown, byte for byte: it names others, and so is sealed under the
    key of the entry's names, and goes where they are erased.
    """

    request: RequestProof | None = None
    artefact: ArtefactProof | None = None
    approval: ApprovalProof | None = None
    exchanges: tuple[ExchangeProof, ...] = ()
    text: bytes | None = None
    act: ActProof | None = None


class _StoredProofs(msgspec.Struct, frozen=True, kw_only=True):
    request: RequestProof | None = None
    artefact: ArtefactProof | None = None
    approval: ApprovalProof | None = None
    exchanges: tuple[msgspec.Raw, ...] = ()
    text: bytes | None = None
    act: ActProof | None = None


class _Tag(msgspec.Struct, frozen=True):
    suite: SignatureSuite = SignatureSuite.HTTP_MESSAGE


def decode_proofs(raw: bytes) -> Proofs:
    """Return proofs as they are kept.

    An exchange without a tag was kept when there was one suite.
    """
    stored = msgspec.json.decode(raw, type=_StoredProofs)
    return Proofs(
        request=stored.request,
        artefact=stored.artefact,
        approval=stored.approval,
        exchanges=tuple(_decode_exchange(one) for one in stored.exchanges),
        text=stored.text,
        act=stored.act,
    )


def _decode_exchange(raw: msgspec.Raw) -> ExchangeProof:
    kind = EXCHANGES[msgspec.json.decode(raw, type=_Tag).suite]
    return msgspec.json.decode(raw, type=kind)
