"""One person's yes of several that a consent needs, and who decides whether it counts."""

from datetime import datetime
from typing import Protocol

import msgspec

from creditbridge.consents.model import Consent
from creditbridge.foundation.errors import Refused
from creditbridge.parties.model import Role


class Countersignature(msgspec.Struct, frozen=True, kw_only=True):
    """What one natural person approved of one version of a request; one row for each of them.

    `artefact_digest` is the SHA-256 of the artefact that their yes would make, 32 bytes: who
    narrows a request approves another artefact than who does not.
    """

    consent_id: str
    version: int
    person_id: str
    role: Role
    artefact_digest: bytes
    template_id: str
    template_version: str
    text_digest: bytes
    approved_at: datetime
    entry: str | None = None  # Event id of its entry in the ledger.


class Approved(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one yes: the consent, which is ACTIVE or still waits for others.

    `proposed` is the consent that this yes would make, with its artefact; `counted` are the
    approvals that count towards it by now, `mine` among them. `text` is what was read before it.
    """

    consent: Consent
    proposed: Consent
    mine: Countersignature
    counted: tuple[Countersignature, ...]
    text: bytes = b""


class Circle(Protocol):
    """Who may say yes for an enterprise, and how many of them must, as of one instant."""

    def count_needed(self, consent: Consent) -> int:
        """Return how many distinct people must approve a consent of this extent, 1 or more."""
        ...

    def may_approve(self, person_id: str, consent: Consent) -> bool:
        """Tell whether a person may, at this instant, approve a consent of this extent."""
        ...

    def require_approver(self, person_id: str, consent: Consent) -> None:
        """Accept a person who may, or refuse in words that say why not."""
        ...


class ApproverUnfit(Refused):
    """This person cannot be the one; the request stays open for another."""

    code = "consent-approver-unfit"
    message = "Another person has to answer this request."


class ApprovedAlready(ApproverUnfit):
    """The same person approved the same artefact before: through whichever account, it is one."""

    code = "consent-approved-already"
    message = "You have approved this already; another person has to approve it, too."


class ApproverAsked(ApproverUnfit):
    """The approver speaks for the bank that asks: nobody is on both sides of a consent."""

    code = "consent-approver-asked"
    message = "You speak for the bank that asks; another person has to answer for the enterprise."
