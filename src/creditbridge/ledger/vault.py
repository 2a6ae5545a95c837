"""The vault: what opens an entry goes in sealed and comes out whole, or as erased."""

import secrets
import zlib

import msgspec
from msgspec.structs import replace

from creditbridge.ledger.catalogue import CATALOGUE
from creditbridge.ledger.composing import Prepared, Salts
from creditbridge.ledger.encoding import decode, encode, to_base64url
from creditbridge.ledger.model import EventKind, LedgerCorrupt, Opened, Opening, Proofs, Record
from creditbridge.ledger.proofs import decode_proofs
from creditbridge.ledger.rules import SALT_BYTES
from creditbridge.ledger.sealing import OpeningKeys, draw_key, seal, unseal
from creditbridge.ledger.store.openings import OpeningRow

NO_PROOFS = Proofs()


class Locked(msgspec.Struct, frozen=True, kw_only=True):
    """The sealed parts of one entry, and the name of the key they are sealed under."""

    key_id: str
    opening: bytes
    proofs: bytes | None
    sealed: bytes | None
    wrapped: bytes | None


def draw_salts(record: Record) -> Salts:
    """Return fresh salts for a record and each of its digests."""
    return Salts(
        entry=secrets.token_bytes(SALT_BYTES),
        personal=secrets.token_bytes(SALT_BYTES),
        digests={name: secrets.token_bytes(SALT_BYTES) for name in record.digests},
    )


class Vault(msgspec.Struct, frozen=True, kw_only=True):
    """Seals under the current opening key, opens under each that is loaded."""

    keys: OpeningKeys

    def lock(self, prepared: Prepared, salts: Salts, proofs: Proofs) -> Locked:
        """Return the sealed parts of an entry; its names under a key of their own."""
        event_id, key = prepared.core.event_id, self.keys.current
        text, proofs = proofs.text, replace(proofs, text=None)
        sealed = wrapped = None
        if prepared.personal is not None:
            personal_key = draw_key()
            # Salt and names under one key: whoever erases the key erases both, and nothing can be
            # tried out.
            names = salts.personal + prepared.personal
            sealed = seal(personal_key, names, belongs_to=f"{event_id}/personal")
            wrapped = seal(key.secret, personal_key, belongs_to=f"{event_id}/key")
            if text is not None:
                # Under the same key: what a page says of people goes with their names.
                shown = seal(personal_key, zlib.compress(text), belongs_to=f"{event_id}/text")
                proofs = replace(proofs, text=shown)
        kept = None
        if proofs != NO_PROOFS:
            raw = msgspec.json.encode(proofs)
            kept = seal(key.secret, raw, belongs_to=f"{event_id}/proofs")
        return Locked(
            key_id=key.key_id,
            opening=seal(key.secret, encode(prepared.opening), belongs_to=event_id),
            proofs=kept,
            sealed=sealed,
            wrapped=wrapped,
        )

    def unlock(self, row: OpeningRow) -> Opened:
        """Return what a row holds.

        Raises:
            LedgerCorrupt: a part is missing.
            SealBroken: a part was changed or moved, or its key is not loaded.
            Malformed: the opening is not spelt as the ledger spells.
        """
        if row.opening is None or row.key_id is None or row.kind is None:
            raise LedgerCorrupt(detail=f"{row.event_id} has no opening")
        kind = EventKind(row.kind)
        if row.receipt is None and not CATALOGUE[kind].may_lack_receipt:
            raise LedgerCorrupt(detail=f"{row.event_id} has no receipt")
        secret = self.keys.find(row.key_id).secret
        raw = unseal(secret, row.opening, belongs_to=row.event_id)
        personal_key = self._unlock_key(row)
        opening = replace(
            decode(raw, Opening), index=row.log_index, **self._unlock_personal(row, personal_key)
        )
        return Opened(
            event_id=row.event_id,
            kind=kind,
            commitment=row.commitment,
            opening=opening,
            proofs=self._unlock_proofs(row, secret, personal_key),
            receipt=row.receipt or b"",
        )

    def _unlock_key(self, row: OpeningRow) -> bytes | None:
        # Before anything is missed: an erasure is lawful, and took the key.
        if row.erased_by is not None or row.sealed is None:
            return None
        if row.wrapped is None or row.personal_key_id is None:
            raise LedgerCorrupt(detail=f"{row.event_id} has names without a key")
        wrapping = self.keys.find(row.personal_key_id).secret
        return unseal(wrapping, row.wrapped, belongs_to=f"{row.event_id}/key")

    def _unlock_personal(self, row: OpeningRow, personal_key: bytes | None) -> dict[str, str]:
        if row.erased_by is not None:
            return {"erased": row.erased_by}
        if personal_key is None or row.sealed is None:
            return {}
        names = unseal(personal_key, row.sealed, belongs_to=f"{row.event_id}/personal")
        return {
            "salt2": to_base64url(names[:SALT_BYTES]),
            "personal": to_base64url(names[SALT_BYTES:]),
        }

    def _unlock_proofs(self, row: OpeningRow, secret: bytes, personal_key: bytes | None) -> Proofs:
        if row.proofs is None:
            return NO_PROOFS
        raw = unseal(secret, row.proofs, belongs_to=f"{row.event_id}/proofs")
        proofs = decode_proofs(raw)
        if proofs.text is None or personal_key is None:
            return replace(proofs, text=None)
        shown = unseal(personal_key, proofs.text, belongs_to=f"{row.event_id}/text")
        return replace(proofs, text=zlib.decompress(shown))
