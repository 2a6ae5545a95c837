"""A bank downloads what proves one of its reports, a refused one too.

    ledger -> evidence -> ledger

1. The report's entries are opened, with the chain of its consent; another bank's are not there.
2. Each entry's inclusion is proven against one published checkpoint.
3. The pack is assembled: signed bytes, openings, proofs; no credit data.
4. The ledger holds that the pack was handed out.
"""

import hashlib

import msgspec

from creditbridge.evidence.assembling import assemble_pack
from creditbridge.evidence.model import PackMaterial
from creditbridge.foundation.database import Database, Transaction
from creditbridge.journeys.admit_caller import Caller
from creditbridge.ledger.encoding import to_base64url
from creditbridge.ledger.model import (
    EventKind,
    Opened,
    PackAssembled,
    Record,
    ReportMissing,
)
from creditbridge.ledger.service import Ledger, find_consent_of, find_size, prove_inclusions

RULE = "pack-assembly"
RULE_VERSION = "1"


class ProveRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The journey, with the rooms it walks through."""

    database: Database
    ledger: Ledger

    async def __call__(self, caller: Caller, report_id: str) -> bytes:
        """Walk the steps above, in order, and return the pack.

        Raises:
            ReportMissing: no such report of this bank.
            PackUnready: it has not ended, or is not in the published log yet.
        """
        async with self.database.transaction() as tx:
            entries = await self._open(tx, caller, report_id)  # 1
            size = await find_size(tx)
            indexes = [
                one.opening.index
                for one in entries
                if one.opening.index is not None and one.opening.index < size
            ]
            inclusions = await prove_inclusions(tx, indexes)  # 2
            pack = assemble_pack(  # 3
                PackMaterial(report_id=report_id, entries=entries, inclusions=inclusions)
            )
            await self.ledger.record(tx, _record(caller, report_id, pack))  # 4
        return pack

    async def _open(self, tx: Transaction, caller: Caller, report_id: str) -> tuple[Opened, ...]:
        bank_id = caller.bank.bank_id
        own = await self.ledger.openings_for(tx, bank_id=bank_id, report_id=report_id)
        consent_id = find_consent_of(own)
        # What a token was not granted for is as absent as another bank's.
        if not own or not caller.may_see(consent_id):
            raise ReportMissing
        story = await self.ledger.story_of(
            tx, report_id=report_id, bank_id=bank_id, consent_id=consent_id
        )
        return tuple(story)


def _record(caller: Caller, report_id: str, pack: bytes) -> Record:
    return Record(
        kind=EventKind.PACK_ASSEMBLED,
        rule=RULE,
        rule_version=RULE_VERSION,
        terms=PackAssembled(
            report_id=report_id,
            client=caller.client_id,
            pack_digest=to_base64url(hashlib.sha256(pack).digest()),
        ),
        bank=caller.bank_name,
    )
