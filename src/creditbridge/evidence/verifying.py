"""How a pack is verified, offline, with nothing but the pins and the pack.

Steps run in this order and end with the first that fails:

    archive      the ZIP has the one form it can have; the manifest names and matches every file
    openings     each opening fits; names stand, or were erased by an event
    checkpoint   the log signed it, and as many witnesses as the pins require
    inclusion    each commitment stands in the signed tree, at its index
    receipt      the gateway promised the subject's commitment when it decided
    request      the bank signed what it asked, or the gateway attests it
  a refused report
    refusal      the caller's own facts and the code, nothing else
  a delivered or failed report
    chain        the consent's chain is gapless and linked, up to the use and after it
    consent      the gateway signed the artefact that the approval names
    approver     who approved had been enrolled for this enterprise before; of a letter on paper, as
                 many different operators as had to had confirmed it
    signature    each approver's passkey, enrolled before, signed this very artefact; or the gateway
                 attests that they were signed in; or operators confirmed a scan
    text         the pages that approvers read are those whose digests the log holds
    coverage     the rule that decided, run again on the consent as its chain builds it
    queries      the gateway signed each query and its grant, within the coverage
    answers      each platform signed its answer, bound to its query
    messages     the entry's digests were taken of these queries and answers
    end          the delivery or the failure ends this intent
    profile      its seal holds, and it is the one delivered
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import msgspec

from creditbridge.evidence import (
    approval_checks,
    consent_checks,
    exchange_checks,
    log_checks,
    text_checks,
)
from creditbridge.evidence.examination import Examination, Finding, examine
from creditbridge.evidence.model import PackKind, Result, Step, StepState, Strength, Verdict
from creditbridge.evidence.pins import Pins
from creditbridge.evidence.reading import Pack, read_pack
from creditbridge.foundation.errors import CreditbridgeError

T = TypeVar("T")


class Check(msgspec.Struct, frozen=True):
    """A step's name, what it can rest on at best, and what it does."""

    name: str
    strength: Strength
    run: Callable[[Examination], Finding]


ALWAYS = (
    Check("checkpoint", Strength.LOG_SIGNED, log_checks.check_checkpoint),
    Check("inclusion", Strength.LOG_PROVEN, log_checks.check_inclusion),
    Check("receipt", Strength.GATEWAY_SIGNED, log_checks.check_receipt),
    Check("request", Strength.BANK_SIGNED, exchange_checks.check_request),
)
REFUSED = (Check("refusal", Strength.GATEWAY_ATTESTED, exchange_checks.check_refusal),)
COVERED = (
    Check("chain", Strength.LOG_PROVEN, consent_checks.check_chain),
    Check("consent", Strength.GATEWAY_SIGNED, consent_checks.check_artefact),
    Check("approver", Strength.LOG_PROVEN, consent_checks.check_approver),
    Check("signature", Strength.APPROVER_SIGNED, approval_checks.check_signature),
    Check("text", Strength.GATEWAY_ATTESTED, text_checks.check_text),
    Check("coverage", Strength.REPLAYED, consent_checks.check_coverage),
    Check("queries", Strength.GATEWAY_SIGNED, exchange_checks.check_queries),
    Check("answers", Strength.PLATFORM_SIGNED, exchange_checks.check_answers),
    Check("messages", Strength.DIGEST, exchange_checks.check_messages),
    Check("end", Strength.LOG_PROVEN, consent_checks.check_end),
    Check("profile", Strength.GATEWAY_SIGNED, exchange_checks.check_profile),
)


def verify_pack(raw: bytes, pins: Pins, profile: bytes | None = None) -> Verdict:
    """Return the verdict on a pack, with every step up to the first that failed.

    Never raises for what is in the pack.
    """
    protocol = _Protocol()
    try:
        pack = protocol.take("archive", Strength.DIGEST, lambda: read_pack(raw), _tell_files)
        examination = protocol.take(
            "openings", Strength.DIGEST, lambda: examine(pack, pins, profile), _tell_entries
        )
        plan = REFUSED if examination.kind is PackKind.REFUSED else COVERED
        # In the order above: each step believes only what an earlier one has proven.
        for check in (*ALWAYS, *plan):
            protocol.take(check.name, check.strength, partial(check.run, examination), _same)
    # The first failure ends it: later steps would rest on what did not hold.
    except CreditbridgeError:
        return Verdict(result=Result.INVALID, steps=tuple(protocol.steps))
    erased = Result.VALID_WITH_ERASED_DATA if examination.is_erased else Result.VALID
    return Verdict(result=erased, steps=tuple(protocol.steps))


class _Protocol:
    """The steps taken so far."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def take(
        self,
        name: str,
        strength: Strength,
        action: Callable[[], T],
        tell: Callable[[T], Finding],
    ) -> T:
        """Take a step; keep what it found, or why it failed, and return its outcome."""
        number = len(self.steps) + 1
        try:
            outcome = action()
        except CreditbridgeError as error:
            detail = f"{error.prose} ({error.detail})" if error.detail else error.prose
            self.steps.append(
                Step(
                    number=number,
                    name=name,
                    state=StepState.FAILED,
                    strength=strength,
                    detail=detail,
                )
            )
            raise
        found = tell(outcome)
        self.steps.append(
            Step(
                number=number,
                name=name,
                state=found.state,
                strength=found.strength,
                detail=found.detail,
            )
        )
        return outcome


def _tell_files(pack: Pack) -> Finding:
    return Finding(strength=Strength.DIGEST, detail=f"{len(pack.manifest.files)} files, all named")


def _tell_entries(examination: Examination) -> Finding:
    erased = sum(entry.opening.erased is not None for entry in examination.entries)
    names = f"names of {erased} erased" if erased else "names stand"
    return Finding(strength=Strength.DIGEST, detail=f"{len(examination.entries)} open, {names}")


def _same(finding: Finding) -> Finding:
    return finding
