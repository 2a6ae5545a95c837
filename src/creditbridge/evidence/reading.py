"""How a pack is read: whole, every file named and understood. Nothing is proven yet."""

import re
from collections.abc import Mapping

import msgspec

from creditbridge.evidence.archive import unpack_files
from creditbridge.evidence.assembling import (
    CHECKPOINT,
    MANIFEST,
    RECEIPT,
    digest_of,
    name_act_file,
    name_approval_file,
    name_entry_file,
    name_text_file,
)
from creditbridge.evidence.model import ExchangeFile, Manifest, PackBroken
from creditbridge.foundation.errors import Malformed, Untrusted
from creditbridge.ledger.model import (
    EXCHANGES,
    ActProof,
    ApprovalProof,
    ArtefactProof,
    ExchangeProof,
    Opening,
    RequestProof,
)
from creditbridge.protocols.canonical_json import require_canonical
from creditbridge.protocols.strict_json import decode
from creditbridge.protocols.tlog_proof import TlogProof, parse_proof

_ENTRY = re.compile(r"entries/([0-9]{12})/opening\.json", re.ASCII)
_APPROVAL = re.compile(r"approvals/([0-9]{12})/statement\.json", re.ASCII)
_ACT = re.compile(r"acts/([0-9]{12})/act\.json", re.ASCII)
_TEXT = re.compile(r"texts/([0-9]{12})\.html", re.ASCII)
_EXCHANGE = re.compile(r"(queries/[0-9]{2})/exchange\.json", re.ASCII)


class PackEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as the pack shows it."""

    index: int
    opening: Opening
    inclusion: TlogProof


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """A pack, taken apart; `entries` are in the log's order."""

    manifest: Manifest
    checkpoint_note: str
    receipt: bytes
    entries: tuple[PackEntry, ...]
    request: RequestProof | None
    artefact: ArtefactProof | None
    approvals: Mapping[int, ApprovalProof]  # By the index of the entry that they belong to.
    exchanges: tuple[ExchangeProof, ...]
    texts: Mapping[int, bytes] = {}  # Likewise: what was read before the yes.
    acts: Mapping[int, ActProof] = {}  # Likewise: what operators signed over letters on paper.


def read_pack(raw: bytes) -> Pack:
    """Return what a pack holds.

    Raises:
        ArchiveBroken: a byte of the archive is not as it must be.
        PackBroken: a file is missing, not named, of other bytes than the manifest says, or not
            understood.
    """
    shelf = _Shelf(unpack_files(raw))
    manifest = shelf.open_manifest()
    entries = tuple(shelf.take_entry(int(match[1])) for match in shelf.find(_ENTRY))
    pack = Pack(
        manifest=manifest,
        checkpoint_note=shelf.take_text(CHECKPOINT),
        receipt=shelf.take(RECEIPT),
        entries=entries,
        request=shelf.take_request(),
        artefact=shelf.take_artefact(),
        approvals={
            int(match[1]): shelf.take_approval(int(match[1])) for match in shelf.find(_APPROVAL)
        },
        exchanges=tuple(shelf.take_exchange(match[1]) for match in shelf.find(_EXCHANGE)),
        texts={
            int(match[1]): shelf.take(name_text_file(int(match[1]))) for match in shelf.find(_TEXT)
        },
        acts={int(match[1]): shelf.take_act(int(match[1])) for match in shelf.find(_ACT)},
    )
    # Last: a file that nobody took was proven by nothing.
    shelf.require_empty()
    return pack


class _Shelf:
    """The files of a pack, each taken once."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def open_manifest(self) -> Manifest:
        """Take the manifest; every other file must be named in it, with its digest."""
        raw = self.take(MANIFEST)
        try:
            require_canonical(raw)
            manifest = decode(raw, Manifest)
        except Malformed as error:
            raise PackBroken(detail=f"{MANIFEST}: {error.detail or error.code}") from error
        # In both directions: a file left out is as much a lie as one slipped in.
        if differing := sorted(self._files.keys() ^ manifest.files.keys()):
            raise PackBroken(detail=f"{differing[0]}: in the manifest or in the pack, not in both")
        for name, content in self._files.items():
            if digest_of(content) != manifest.files[name]:
                raise PackBroken(detail=f"{name}: other bytes than the manifest names")
        return manifest

    def find(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        """Return the names of a form, sorted."""
        matches = (pattern.fullmatch(name) for name in sorted(self._files))
        return [match for match in matches if match is not None]

    def take(self, name: str) -> bytes:
        """Take a file."""
        if (content := self._files.pop(name, None)) is None:
            raise PackBroken(detail=f"{name}: missing")
        return content

    def take_text(self, name: str) -> str:
        """Take a file of text."""
        try:
            return self.take(name).decode()
        except UnicodeDecodeError as error:
            raise PackBroken(detail=f"{name}: not UTF-8") from error

    def take_entry(self, index: int) -> PackEntry:
        """Take what opens an entry, and its proof."""
        name = name_entry_file(index, "opening.json")
        raw = self.take(name)
        proof_name = name_entry_file(index, "inclusion.tlog-proof")
        try:
            opening = decode(raw, Opening)
            inclusion = parse_proof(self.take_text(proof_name))
        except (Malformed, Untrusted) as error:
            raise PackBroken(detail=f"{name} or its proof: {error.detail or error.code}") from error
        # Spelt as the ledger spells, or one entry would have two openings.
        if opening.encode() != raw or opening.index != index or inclusion.index != index:
            raise PackBroken(detail=f"{name}: another index, or not in canonical form")
        return PackEntry(index=index, opening=opening, inclusion=inclusion)

    def take_request(self) -> RequestProof | None:
        """Take the bank's request, signed or not, where there is one."""
        if "request/body" not in self._files:
            return None
        body = self.take("request/body")
        if "request/base" not in self._files:
            return RequestProof(body=body)
        return RequestProof(
            body=body,
            base=self.take("request/base"),
            signature=self.take("request/signature"),
            key_id=self.take_text("request/key-id"),
        )

    def take_artefact(self) -> ArtefactProof | None:
        """Take the consent artefact, where there is one."""
        if "consent/artefact.json" not in self._files:
            return None
        return ArtefactProof(
            artefact=self.take("consent/artefact.json"),
            signature=self.take("consent/signature"),
            key_id=self.take_text("consent/key-id"),
        )

    def take_approval(self, index: int) -> ApprovalProof:
        """Take what an approver signed."""

        def _take(name: str) -> bytes:
            return self.take(name_approval_file(index, name))

        return ApprovalProof(
            statement=_take("statement.json"),
            client_data=_take("client-data.json"),
            authenticator_data=_take("authenticator-data"),
            signature=_take("signature"),
            credential_id=_take("credential-id"),
            public_key=_take("public-key"),
        )

    def take_act(self, index: int) -> ActProof:
        """Take what an operator signed, and their key."""
        return ActProof(
            act=self.take(name_act_file(index, "act.json")),
            key=self.take(name_act_file(index, "key.json")),
        )

    def take_exchange(self, folder: str) -> ExchangeProof:
        """Take a query and its answer."""
        raw = self.take(f"{folder}/exchange.json")
        try:
            require_canonical(raw)
            exchange = decode(raw, ExchangeFile)
        except Malformed as error:
            raise PackBroken(detail=f"{folder}/exchange.json: {error.detail}") from error
        answered = f"{folder}/answer.base" in self._files
        return EXCHANGES[exchange.suite](
            platform=exchange.platform,
            query_id=exchange.query_id,
            query_base=self.take(f"{folder}/query.base"),
            query_signature=self.take(f"{folder}/query.signature"),
            query_key_id=exchange.query_key_id,
            grant=self.take(f"{folder}/grant.json"),
            answer_base=self.take(f"{folder}/answer.base") if answered else None,
            answer_signature=self.take(f"{folder}/answer.signature") if answered else None,
            answer_key_id=exchange.answer_key_id,
        )

    def require_empty(self) -> None:
        """Accept that every file was understood."""
        if self._files:
            raise PackBroken(detail=f"{min(self._files)}: no file that a pack has")
