"""How far a consent may reach at an instant: the signed policy, and what it leaves of a consent.

A policy is versioned data that two operators decide on and the consent key signs. It is announced
before it binds, as keys are: every node, and the replay, finds the same one for the same instant.
Pure: the clock is an argument.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec.structs import asdict, replace

from creditbridge.consents.model import Consent
from creditbridge.foundation.errors import Refused
from creditbridge.foundation.keys import PublicKey
from creditbridge.profile.classes import NEEDED_CLASSES, OPEN_CLASSES
from creditbridge.profile.codes import ConsentForm, DataClass, Purpose, SectionCode, Until
from creditbridge.profile.consent_policy import (
    PERSONAL_PURPOSES,
    PERSONAL_SECTIONS,
    PaperCeilings,
    Passkey,
    PolicyWords,
    PurposeCeilings,
)
from creditbridge.protocols.canonical_json import canonicalize, require_canonical
from creditbridge.protocols.strict_json import decode

T = TypeVar("T")

POLICY_DOMAIN = b"creditbridge-consent-policy-v1\x00"
POLICY_RULE = "consent-policy"

# From the decision to its force: longer than any node may hold an older list of policies.
NOTICE = timedelta(seconds=60)

HOUSE_PURPOSES = frozenset(Purpose) - PERSONAL_PURPOSES - {Purpose.OTHER}
HOUSE_SECTIONS = frozenset(SectionCode) - PERSONAL_SECTIONS

# A scan is weaker than a signature: a quarter, a look a week, nothing of lending (DOMAIN 5.5).
PAPER_CLASSES = OPEN_CLASSES - {DataClass.LENDING}
HOUSE_PAPER = PaperCeilings(
    validity_days_max=92,
    queries_max=12,
    sections_max=tuple(
        sorted(one for one in HOUSE_SECTIONS if NEEDED_CLASSES[one] <= PAPER_CLASSES)
    ),
    data_classes_max=tuple(sorted(PAPER_CLASSES)),
    second_operator_percent=10,
)


class Ceilings(msgspec.Struct, frozen=True, kw_only=True):
    """How far a consent may reach; where the law is silent, the house's policy speaks."""

    rule: str = "consent-ceilings"
    rule_version: str = "1"
    validity_days_max: int = 366  # One year, also where it holds a leap day.
    lapse_days: int = 7
    # Five years, with its leap days: where the end of the business ends the consent before.
    hard_stop_days_max: int = 1_827
    queries_max: int = 1_000
    per_day_max: int = 1_000
    retention_days_max: int = 1_827
    data_classes: frozenset[DataClass] = OPEN_CLASSES
    forms: frozenset[ConsentForm] = frozenset(ConsentForm)
    purposes: frozenset[Purpose] = HOUSE_PURPOSES
    sections: frozenset[SectionCode] = HOUSE_SECTIONS
    passkey: Passkey = Passkey.NONE
    approvers_min: int = 1
    paper: PaperCeilings | None = HOUSE_PAPER  # None: nothing on paper.

    def __post_init__(self) -> None:
        """Refuse a configuration that opens the enterprise's door to natural persons' data."""
        # At the start and not at a request: a wrong configuration must not run until somebody asks.
        if self.purposes & PERSONAL_PURPOSES or self.sections & PERSONAL_SECTIONS:
            message = "personal purposes and sections need the person's own consent"
            raise ValueError(message)


# In the ledger for ten years: add members with a default, never rename; another meaning is `v` 2.
class Policy(PolicyWords, frozen=True, kw_only=True):
    """A policy as the house signs it: what was decided, and from when on it binds."""

    use_from: datetime


class SignedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy's canonical JSON (RFC 8785) with the consent key's signature over it, 64 bytes."""

    version: int
    use_from: datetime
    policy: bytes
    signature: bytes
    key_id: str
    change_id: str | None = None  # What two operators decided; None: the house's own first one.


class ConsentBeyondPolicy(Refused):
    """The consent is older than the policy in force, and reaches further at this very point."""

    code = "consent-beyond-policy"
    message = "The consent reaches further than the present policy allows; ask for a new one."


class PasskeyRequired(Refused):
    """The policy of a purpose asks for a yes that is signed with a passkey."""

    code = "consent-passkey-required"
    message = "A consent for this purpose must be signed with a passkey of the required kind."


def first_policy(*, now: datetime) -> Policy:
    """Return the house's own policy, which binds until two operators decide on another."""
    house = Ceilings()
    ceilings = PurposeCeilings(
        validity_days_max=house.validity_days_max,
        hard_stop_days_max=house.hard_stop_days_max,
        queries_max=house.queries_max,
        per_day_max=house.per_day_max,
        retention_days_max=house.retention_days_max,
        sections_max=tuple(sorted(house.sections)),
        data_classes_max=tuple(sorted(house.data_classes)),
        forms=tuple(sorted(house.forms)),
        passkey=house.passkey,
        approvers_min=house.approvers_min,
        paper=house.paper or msgspec.UNSET,
    )
    purposes = dict.fromkeys(sorted(house.purposes), ceilings)
    return Policy(v=1, version=1, lapse_days=house.lapse_days, purposes=purposes, use_from=now)


def policy_of(words: PolicyWords, *, use_from: datetime) -> Policy:
    """Return what was decided as a policy that binds from an instant on."""
    return Policy(**asdict(words), use_from=use_from.astimezone(UTC))


def encode_policy(policy: Policy) -> bytes:
    """Return the policy's canonical bytes (RFC 8785)."""
    return canonicalize(msgspec.to_builtins(policy))


def read_policy(raw: bytes) -> Policy:
    """Return the policy that canonical bytes hold.

    Raises:
        Malformed: not canonical JSON, an unknown member, or another version of the form.
    """
    require_canonical(raw)
    return decode(raw, Policy)


def policy_message(raw: bytes) -> bytes:
    """Return the bytes that are signed: the domain, then the policy's bytes."""
    return POLICY_DOMAIN + raw


def verify_policy(raw: bytes, signature: bytes, key: PublicKey) -> Policy:
    """Return the policy once the signature over its bytes holds.

    Raises:
        SignatureInvalid: another key, other bytes.
        Malformed: as `read_policy`.
    """
    key.verify(signature, policy_message(raw))
    return read_policy(raw)


def policy_at(policies: Iterable[Policy], *, now: datetime) -> Policy | None:
    """Return the policy that binds at an instant: the latest version whose time has come."""
    begun = [policy for policy in policies if policy.use_from <= now]
    return max(begun, key=lambda policy: policy.version, default=None)


def ceilings_of(policy: Policy, purposes: Iterable[Purpose]) -> Ceilings:
    """Return how far one consent for all of these purposes may reach: the narrowest of each."""
    asked = [policy.purposes[one] for one in purposes if one in policy.purposes]
    named = Ceilings(
        rule=POLICY_RULE,
        rule_version=str(policy.version),
        lapse_days=policy.lapse_days,
        purposes=frozenset(policy.purposes),
    )
    if not asked:
        # The policy names none of them: what else it says of them is not even asked.
        return named
    return replace(
        named,
        validity_days_max=min(one.validity_days_max for one in asked),
        hard_stop_days_max=min(one.hard_stop_days_max for one in asked),
        queries_max=min(one.queries_max for one in asked),
        per_day_max=min(one.per_day_max for one in asked),
        retention_days_max=min(one.retention_days_max for one in asked),
        sections=_common(one.sections_max for one in asked),
        data_classes=_common(one.data_classes_max for one in asked),
        forms=_common(one.forms for one in asked),
        passkey=max((one.passkey for one in asked), key=list(Passkey).index),
        approvers_min=max(one.approvers_min for one in asked),
        paper=_narrowest_paper([one.paper for one in asked]),
    )


def _narrowest_paper(each: Sequence[PaperCeilings | msgspec.UnsetType]) -> PaperCeilings | None:
    said = [one for one in each if isinstance(one, PaperCeilings)]
    # Of several purposes each must be one that a letter is enough for.
    if len(said) < len(each):
        return None
    return PaperCeilings(
        validity_days_max=min(one.validity_days_max for one in said),
        queries_max=min(one.queries_max for one in said),
        sections_max=tuple(sorted(_common(one.sections_max for one in said))),
        data_classes_max=tuple(sorted(_common(one.data_classes_max for one in said))),
        second_operator_percent=max(one.second_operator_percent for one in said),
    )


def ceilings_for(ceilings: Ceilings, form: ConsentForm) -> Ceilings:
    """Return how far a consent of this form may reach: one on paper less far than another."""
    if form is not ConsentForm.PAPER_SCAN:
        return ceilings
    paper = ceilings.paper
    if paper is None:
        return replace(ceilings, forms=ceilings.forms - {form})
    days = paper.validity_days_max
    return replace(
        ceilings,
        validity_days_max=min(ceilings.validity_days_max, days),
        hard_stop_days_max=min(ceilings.hard_stop_days_max, days),
        queries_max=min(ceilings.queries_max, paper.queries_max),
        sections=ceilings.sections & frozenset(paper.sections_max),
        data_classes=ceilings.data_classes & frozenset(paper.data_classes_max),
    )


def _common(each: Iterable[Iterable[T]]) -> frozenset[T]:
    first, *others = (frozenset(one) for one in each)
    return first.intersection(*others)


def narrow(consent: Consent, ceilings: Ceilings, classes: frozenset[DataClass]) -> Consent:
    """Return what today's ceilings leave of a consent, whose classes of data are given.

    It is used within them, and not void: what the enterprise allowed and the policy still allows
    stands, the rest waits for a consent of its own.
    """
    is_bound = consent.until is Until.BUSINESS_END
    days = ceilings.hard_stop_days_max if is_bound else ceilings.validity_days_max
    queries = min(consent.max_queries, ceilings.queries_max)
    per_day = min(consent.per_day or ceilings.per_day_max, ceilings.per_day_max)
    return replace(
        consent,
        sections=consent.sections & ceilings.sections,
        # Never empty, which would mean whatever the sections need.
        data_classes=(classes & ceilings.data_classes) or frozenset({DataClass.GOV_ONLY}),
        valid_to=min(consent.valid_to, consent.valid_from + timedelta(days=days)),
        max_queries=queries,
        # As many in a day as in all limit nothing, and need not be remembered.
        per_day=per_day if per_day < queries else None,
    )


def require_within(consent: Consent, ceilings: Ceilings) -> None:
    """Accept a consent that is about to be given, where it keeps today's ceilings wholly.

    Raises:
        ConsentBeyondPolicy: the policy was tightened since it was asked for.
    """
    ceilings = ceilings_for(ceilings, consent.form)
    left = narrow(consent, ceilings, consent.data_classes)
    kept = (
        consent.purposes <= ceilings.purposes,
        consent.form in ceilings.forms,
        consent.sections <= ceilings.sections,
        consent.data_classes <= ceilings.data_classes,
        (left.valid_to, left.max_queries) == (consent.valid_to, consent.max_queries),
        (consent.per_day or 0) <= ceilings.per_day_max,
        (consent.retention_days or 0) <= ceilings.retention_days_max,
    )
    # Nobody signs what would not be kept: the bank asks again, for what can be.
    if not all(kept):
        raise ConsentBeyondPolicy


def require_passkey(ceilings: Ceilings, passkey: Passkey) -> None:
    """Accept a yes that was signed with a passkey at least as strong as the policy asks.

    Raises:
        PasskeyRequired: a weaker one, or none.
    """
    strengths = list(Passkey)
    if strengths.index(passkey) < strengths.index(ceilings.passkey):
        raise PasskeyRequired
