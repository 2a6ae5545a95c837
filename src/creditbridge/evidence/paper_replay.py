"""Letters on paper in the replay: who confirmed a scan, and whether they were enough."""

from msgspec.structs import replace

from creditbridge.consents.model import Consent, ConsentState
from creditbridge.consents.paper.rules import count_needed
from creditbridge.consents.policy import Policy, ceilings_of, require_within
from creditbridge.evidence.binary import read_binary
from creditbridge.evidence.extents import LawBroken
from creditbridge.foundation.errors import Refused, SignatureInvalid
from creditbridge.ledger.model import Core, DocumentConfirmed
from creditbridge.profile.codes import ConsentForm


class Letters:
    """Which operators confirmed which letter, as the entries seen so far say."""

    def __init__(self) -> None:
        self._operators: dict[str, set[str]] = {}

    def confirm(
        self,
        core: Core,
        terms: DocumentConfirmed,
        lodged: tuple[Consent, Consent],
        policy: Policy | None,
    ) -> Consent:
        """Return the consent after one operator's word.

        `lodged` is the consent as it stands, and as the entry says it was lodged.

        Raises:
            LawBroken: another text, no letter, the same operator again, too few, beyond the policy.
        """
        before, said = lodged
        # Confirmed is what was lodged, word for word: nobody narrows or widens a letter here.
        if replace(said, version=before.version) != before:
            raise LawBroken(detail="a scan confirmed as it was not lodged")
        if before.form is not ConsentForm.PAPER_SCAN:
            raise LawBroken(detail="a scan confirmed where none was lodged")
        operators = self._operators.setdefault(before.consent_id, set())
        if core.person in operators:
            raise LawBroken(detail="a scan confirmed twice by one operator")
        given, needed = len(operators) + 1, _count_needed(terms, before, policy)
        is_whole = given >= needed
        after = replace(
            before,
            state=ConsentState.ACTIVE if is_whole else before.state,
            version=before.version + is_whole,
        )
        if (terms.state, terms.version, terms.given) != (after.state, after.version, given):
            raise LawBroken(detail=f"a scan confirmed by {given}, where {needed} must")
        operators.add(core.person or "")
        return after


def _count_needed(terms: DocumentConfirmed, consent: Consent, policy: Policy | None) -> int:
    """Return how many operators must confirm, as the digest and the policy of then decide."""
    if policy is None:
        return terms.needed
    ceilings = ceilings_of(policy, consent.purposes)
    try:
        require_within(consent, ceilings)
        return count_needed(read_binary(terms.artefact_digest), ceilings)
    except (Refused, SignatureInvalid) as refusal:
        raise LawBroken(detail=f"a scan beyond the policy: {refusal.code}") from refusal
