"""What a verification works on: the pack, the pins, and the entries that opened."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from creditbridge.consents.model import ConsentState
from creditbridge.evidence.assembling import ENDS
from creditbridge.evidence.model import PackKind, PackUntrue, StepState, Strength
from creditbridge.evidence.pins import Pins
from creditbridge.evidence.reading import Pack
from creditbridge.foundation.keys import PublicKey
from creditbridge.ledger.model import (
    ConsentApproved,
    Core,
    DeliveryStopped,
    DocumentConfirmed,
    Name,
    Opening,
    ReportDelivered,
    ReportFailed,
    ReportIntended,
    ReportRefused,
    ReportTerms,
)
from creditbridge.ledger.rules import open_entry, read_names

N = TypeVar("N")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a step found, and what that rests on."""

    strength: Strength
    detail: str
    state: StepState = StepState.PASSED


class OpenedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry whose opening fits: its commitment is not yet known to be in the log."""

    index: int
    core: Core
    commitment: bytes
    opening: Opening
    names: dict[str, Name]

    def find_name(self, reference: str | None, kind: type[N]) -> N | None:
        """Return who is behind a reference; None where the names were erased."""
        name = self.names.get(reference or "")
        return name if isinstance(name, kind) else None


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """One pack under the eyes of its pins."""

    pack: Pack
    pins: Pins
    profile: bytes | None
    entries: tuple[OpenedEntry, ...]  # In the log's order.
    subject: OpenedEntry  # In which the report ended.
    decided: OpenedEntry  # In which the request was decided: the intent, or the refusal.
    asked: ReportIntended | ReportRefused  # The terms of `decided`.

    @property
    def kind(self) -> PackKind:
        """How the report ended."""
        return self.pack.manifest.kind

    @property
    def is_erased(self) -> bool:
        """Whether names of an entry were erased."""
        return any(entry.opening.erased is not None for entry in self.entries)

    @property
    def chain(self) -> list[OpenedEntry]:
        """The links of the consent's chain."""
        return [entry for entry in self.entries if entry.core.consent_seq is not None]

    def get_intended(self) -> ReportIntended:
        """Return the terms of the intent.

        Raises:
            PackUntrue: the report was refused, there is none.
        """
        if isinstance(self.asked, ReportRefused):
            raise PackUntrue(detail="the report was refused")
        return self.asked

    def get_approval(self) -> OpenedEntry:
        """Return the approval that stood when the request was decided, or what stands for it.

        Raises:
            PackUntrue: there is none.
        """
        for entry in reversed(self.chain):
            # The latest before the use: an approval after it allows nothing backwards.
            if entry.index < self.decided.index and _is_yes(entry.core):
                return entry
        raise PackUntrue(detail="no approval before the use")


def open_entries(pack: Pack) -> tuple[OpenedEntry, ...]:
    """Return the pack's entries, opened.

    Raises:
        OpeningUnsound: an opening's parts do not fit; the detail names its index.
    """
    opened: list[OpenedEntry] = []
    for entry in pack.entries:
        core, commitment = open_entry(entry.opening)
        names = read_names(entry.opening)
        opened.append(
            OpenedEntry(
                index=entry.index,
                core=core,
                commitment=commitment,
                opening=entry.opening,
                names=names,
            )
        )
    return tuple(opened)


def examine(pack: Pack, pins: Pins, profile: bytes | None) -> Examination:
    """Return a pack ready for its steps.

    Raises:
        OpeningUnsound: as `open_entries`.
        PackUntrue: the entries are not those of the one report that the manifest names.
    """
    entries = open_entries(pack)
    subject = _find_subject(pack, entries)
    decided, asked = _find_decision(entries, subject)
    # Enrolments name no bank; any other entry of another bank has no business in this pack.
    foreign = [entry for entry in entries if entry.core.bank not in {None, subject.core.bank}]
    if foreign:
        raise PackUntrue(detail=f"entry {foreign[0].index} is of another bank")
    return Examination(
        pack=pack,
        pins=pins,
        profile=profile,
        entries=entries,
        subject=subject,
        decided=decided,
        asked=asked,
    )


def require_key(
    find_key: Callable[[str], PublicKey | None], key_id: str | None, whose: str
) -> PublicKey:
    """Return a pinned key.

    Raises:
        PackUntrue: the pins name no such key for this index.
    """
    key = find_key(key_id or "")
    if key is None:
        raise PackUntrue(detail=f"{whose}: no such key is pinned for this index")
    return key


def _is_yes(core: Core) -> bool:
    # The first of two operators who must confirm a letter has given nothing yet.
    terms = core.terms
    if isinstance(terms, DocumentConfirmed):
        return terms.state == ConsentState.ACTIVE
    return isinstance(terms, ConsentApproved)


def _find_subject(pack: Pack, entries: Sequence[OpenedEntry]) -> OpenedEntry:
    manifest = pack.manifest
    for entry in entries:
        terms = entry.core.terms
        if entry.index != manifest.subject or not isinstance(terms, ReportTerms):
            continue
        if (ENDS.get(entry.core.kind), terms.report_id) == (manifest.kind, manifest.report_id):
            return entry
    raise PackUntrue(detail="manifest.json: no entry ends this report in this way")


def _find_decision(
    entries: Sequence[OpenedEntry], subject: OpenedEntry
) -> tuple[OpenedEntry, ReportIntended | ReportRefused]:
    terms, decided = subject.core.terms, subject
    if isinstance(terms, ReportDelivered | ReportFailed | DeliveryStopped):
        decided = _find_event(entries, terms.intended)
    asked = decided.core.terms
    if not isinstance(asked, ReportRefused if decided is subject else ReportIntended):
        raise PackUntrue(detail=f"entry {subject.index} ends no intent")
    return decided, asked


def _find_event(entries: Sequence[OpenedEntry], event_id: str) -> OpenedEntry:
    for entry in entries:
        if entry.core.event_id == event_id:
            return entry
    raise PackUntrue(detail=f"no entry {event_id}")
