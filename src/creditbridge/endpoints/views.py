"""What each page of the portal shows: facts only, without words and without markup.

Texts that others wrote (names, references) are shown as they are, escaped and isolated; the words
around them are those of `web/translations`.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from creditbridge.consents.model import ConsentState
from creditbridge.endpoints.charting import Chart
from creditbridge.endpoints.extents import Extent
from creditbridge.endpoints.letter_views import LetterView
from creditbridge.endpoints.openness import SectionGroup
from creditbridge.profile.codes import Purpose, SectionCode


class Notice(StrEnum):
    """What has just happened, said on top of the next page."""

    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    PAUSED = "paused"
    RESUMED = "resumed"
    CONFIRMED = "confirmed"
    UNCHANGED = "unchanged"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_ENDED = "passkey-ended"
    PEOPLE = "people"
    COUNTERSIGNED = "countersigned"
    AGREED = "agreed"
    DISPUTE_FILED = "dispute-filed"
    PERSON_AGREED = "person-agreed"
    PERSON_REFUSED = "person-refused"
    PERSON_WITHDRAWN = "person-withdrawn"
    DISOWNED = "disowned"


class Unusual(StrEnum):
    """What a careful representative would want to be told before deciding."""

    LONG_VALIDITY = "LONG_VALIDITY"
    MANY_USES = "MANY_USES"
    PERSONAL = "PERSONAL"
    LENDING = "LENDING"
    COMMERCIAL = "COMMERCIAL"
    RELATED_PARTY = "RELATED_PARTY"
    MONITORING = "MONITORING"
    LONG_RETENTION = "LONG_RETENTION"


class Oddity(msgspec.Struct, frozen=True, kw_only=True):
    """A sign with its figure: days, looks; 0 where the sign has none."""

    sign: Unusual
    value: int = 0


class Slip(StrEnum):
    """What a person has to put right before a form counts; also the id of the field."""

    SECTIONS = "sections"
    DAYS = "days"
    LOOKS = "looks"
    REASON = "reason"


class LookOutcome(StrEnum):
    """How a look ended, as an intent does; IN_PROGRESS is not ended yet."""

    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"
    NOT_SENT = "NOT_SENT"
    UNKNOWN = "UNKNOWN"
    FAILED = "FAILED"
    IN_PROGRESS = "IN_PROGRESS"


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A bank or an enterprise: its name as registered and its USCC."""

    name: str
    uscc: str


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, for which enterprise; `form_token` goes into every form."""

    name: str
    enterprise: Party
    form_token: str


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds every page.

    `path` is this page's, where the language switch leads, with `query` where the page is none
    without it, percent-encoded.
    """

    path: str
    query: str = ""
    visitor: Visitor | None = None
    notice: Notice | None = None


class SignInView(msgspec.Struct, frozen=True, kw_only=True):
    """The page before sign-in; `return_to` is the path asked for."""

    return_to: str


class ConsentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One consent in the list. `until` is the end of what it waits for or of what it allows."""

    consent_id: str
    bank_name: str
    purposes: tuple[Purpose, ...]
    state: ConsentState
    until: datetime
    used: int
    max_queries: int
    days_left: int | None = None
    last_look_at: datetime | None = None
    next_look_at: datetime | None = None
    is_cancelled: bool = False  # By the bank, before it was answered.
    confirm_by: datetime | None = None  # Set while it waits for the new legal representative.
    is_paper: bool = False


class WaitingLine(msgspec.Struct, frozen=True, kw_only=True):
    """A request of a bank's machine that waits for an answer until it runs out."""

    request_id: str
    bank_name: str
    until: datetime
    binding_message: str | None = None


class ConsentListView(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for the enterprise, and each of its consents, newest first in each part.

    `banks` are all that ever asked; `bank` is the USCC of the one that is shown alone.
    """

    requested: tuple[ConsentLine, ...]
    live: tuple[ConsentLine, ...]
    ended: tuple[ConsentLine, ...]
    waiting: tuple[WaitingLine, ...] = ()
    banks: tuple[Party, ...] = ()
    bank: str = ""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a consent covers, word for word the same where it is asked, shown and withdrawn.

    `begins_at_yes` where the term begins with the approval; `valid_from` is then when it was asked.
    """

    consent_id: str
    version: int
    bank: Party
    enterprise: Party
    purposes: tuple[Purpose, ...]
    sections: tuple[SectionCode, ...]
    valid_from: datetime
    valid_to: datetime
    max_queries: int
    authorization_no: str = ""
    business_ref: str | None = None
    begins_at_yes: bool = False
    groups: tuple[SectionGroup, ...] = ()
    extent: Extent = Extent()


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed and ticked, as it was; `days` is empty where the term stays as asked."""

    sections: frozenset[SectionCode]
    days: str = ""
    looks: str = ""
    reason: str = ""
    slips: tuple[Slip, ...] = ()


class Approvals(msgspec.Struct, frozen=True, kw_only=True):
    """How many people have approved the whole of a request, and how many must."""

    given: int
    needed: int


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """A request that waits for the representative's yes or no; `days` are shorter terms."""

    terms: Terms
    answer_by: datetime
    choice: Choice
    days: tuple[int, ...] = ()
    unusual: tuple[Oddity, ...] = ()
    approvals: Approvals | None = None  # None where one person is enough.


class AskedConsent(msgspec.Struct, frozen=True, kw_only=True):
    """One consent of several that are decided together; `choice` only where it is the only one."""

    terms: Terms
    choice: Choice | None = None
    days: tuple[int, ...] = ()
    unusual: tuple[Oddity, ...] = ()
    approvals: Approvals | None = None


class AuthorizationView(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank asks in the browser: up to ten consents at once, and the services around them.

    `returns_to` is the host that the browser goes back to; `client_id` and `request_uri` name the
    request, and `shown` is what the page's digest was when it was shown.
    """

    bank: Party
    enterprise: Party
    consents: tuple[AskedConsent, ...]
    scopes: tuple[str, ...]
    answer_by: datetime
    returns_to: str
    client_id: str
    request_uri: str
    shown: str = ""


class WaitingView(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank's machine asks without a browser; `binding_message` is shown letter by letter.

    `shown` is what the page's digest was when it was shown.
    """

    request_id: str
    bank: Party
    enterprise: Party
    consents: tuple[AskedConsent, ...]
    scopes: tuple[str, ...]
    answer_by: datetime
    binding_message: str | None = None
    shown: str = ""


class ReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger's receipt of one look: `commitment` is hex or base64url, `number` the bank's."""

    event_id: str
    commitment: str
    number: int


class LookView(msgspec.Struct, frozen=True, kw_only=True):
    """One look that the bank took or tried to take."""

    at: datetime
    outcome: LookOutcome
    report_id: str
    sections: tuple[SectionCode, ...]
    receipt: ReceiptView | None = None
    code: str = ""


class TurnView(msgspec.Struct, frozen=True, kw_only=True):
    """One turn in a consent's life: the ledger's word for it, and who brought it about."""

    at: datetime
    kind: str
    person: str = ""
    number: int = 0


class ConsentView(msgspec.Struct, frozen=True, kw_only=True):
    """One consent with its looks, newest first, and its turns, oldest first."""

    terms: Terms
    state: ConsentState
    used: int
    looks: tuple[LookView, ...]
    chart: Chart
    turns: tuple[TurnView, ...] = ()
    days_left: int | None = None
    last_look_at: datetime | None = None
    next_look_at: datetime | None = None
    can_withdraw: bool = False
    is_cancelled: bool = False
    confirm_by: datetime | None = None  # As in `ConsentLine`.
    letter: LetterView | None = None  # None: it was signed here.


class GrantLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank's machine was given by a person's yes, and when."""

    client_id: str
    made_at: datetime


class WithdrawalView(msgspec.Struct, frozen=True, kw_only=True):
    """What a withdrawal will do, before it is done; `delivered` of the looks brought a report.

    `kept_until` is how long the bank may keep the last of these, where that was said.
    """

    terms: Terms
    used: int
    delivered: int = 0
    kept_until: datetime | None = None
    grants: tuple[GrantLine, ...] = ()


class ErrorView(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was not completed; `code` is the stable one of the error."""

    code: str
    interaction_id: str
    offers_sign_in: bool = False
    sign_in: str = "/portal/sign-in"
