"""Numbers for records: references, gapless counters, and the ends of the consents' chains.

All records of one call get theirs by one statement, in the order in which they are given. What they
are about stays locked until the transaction ends.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from creditbridge.foundation.database import Transaction
from creditbridge.foundation.ids import new_reference
from creditbridge.ledger.composing import Numbers, names_of, subject_of
from creditbridge.ledger.model import CATALOGUE, Record, ReferenceKind
from creditbridge.ledger.store.intake import Taken, Wanted, take_references

Place: TypeAlias = tuple[ReferenceKind, str]  # A reference's kind, and the id behind it.


class Numbering:
    """What one call has taken, handed out record by record."""

    def __init__(self, taken: Iterable[Taken], steps: dict[Place, int]) -> None:
        self._references = dict[Place, str]()
        self._counters = dict[Place, int]()
        self._ends = dict[Place, bytes | None]()
        for one in taken:
            place = (one.kind, one.subject)
            self._references[place] = one.reference
            # The counter as it was before this call.
            self._counters[place] = one.entries - steps[place]
            self._ends[place] = one.last_commitment

    def number(self, record: Record) -> Numbers:
        """Return the next numbers of whatever the record is about."""
        places = {kind: (kind, subject_of(name)) for kind, name in names_of(record).items()}
        moved = {kind: self._move(place) for kind, place in places.items() if _moves(kind, record)}
        # What only mentions a consent is no link of its chain, and gets no place in it.
        is_link = ReferenceKind.CONSENT in moved
        return Numbers(
            references={kind: self._references[place] for kind, place in places.items()},
            bank_seq=moved.get(ReferenceKind.BANK),
            subject_seq=moved.get(ReferenceKind.ENTERPRISE),
            consent_seq=moved.get(ReferenceKind.CONSENT),
            consent_prev=self._ends[places[ReferenceKind.CONSENT]] if is_link else None,
        )

    def end_chain(self, record: Record, commitment: bytes) -> None:
        """Let the next link of the record's consent follow on this commitment."""
        if record.consent_id is not None and CATALOGUE[record.kind].chained:
            self._ends[ReferenceKind.CONSENT, record.consent_id] = commitment

    def _move(self, place: Place) -> int:
        self._counters[place] += 1
        return self._counters[place]


async def take_numbers(tx: Transaction, records: Sequence[Record]) -> Numbering:
    """Take what the records need, in one statement."""
    steps = dict[Place, int]()
    for record in records:
        for kind, name in names_of(record).items():
            place = (kind, subject_of(name))
            steps[place] = steps.get(place, 0) + _moves(kind, record)
    wanted = [
        Wanted(kind=kind, subject=subject, reference=new_reference(), step=step)
        for (kind, subject), step in steps.items()
    ]
    return Numbering(await take_references(tx, wanted), steps)


def _moves(kind: ReferenceKind, record: Record) -> bool:
    if kind is ReferenceKind.CONSENT:
        return CATALOGUE[record.kind].chained
    return kind is not ReferenceKind.PERSON
