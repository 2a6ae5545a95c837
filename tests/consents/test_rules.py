"""The rules of a consent: coverage, standing, transitions, artefact."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import product

import pytest
from hypothesis import example, given, strategies as st
from msgspec.structs import replace

from creditbridge.consents.artefact import (
    ARTEFACT_DOMAIN,
    artefact_message,
    artefact_of,
    encode_artefact,
    read_artefact,
    verify_artefact,
)
from creditbridge.consents.model import (
    Asked,
    BusinessClosed,
    ClientNotAllowed,
    Consent,
    ConsentArtefact,
    ConsentEvent,
    ConsentExhausted,
    ConsentExpired,
    ConsentMissing,
    ConsentState,
    PurposeMismatch,
    SectionsNotCovered,
)
from creditbridge.consents.rules import (
    TransitionImpossible,
    next_state,
    require_active,
    require_coverage,
    require_standing,
    state_at,
)
from creditbridge.foundation.errors import Malformed, Refused, SignatureInvalid
from creditbridge.foundation.keys import FileKey
from creditbridge.profile.codes import Purpose, SectionCode
from creditbridge.protocols.canonical_json import NotCanonical

MOVES = {
    ("REQUESTED", "consent.approved"): "ACTIVE",
    ("REQUESTED", "document.confirmed"): "ACTIVE",
    ("REQUESTED", "consent.refused"): "REFUSED",
    ("REQUESTED", "consent.lapsed"): "LAPSED",
    ("REQUESTED", "consent.cancelled"): "LAPSED",
    ("ACTIVE", "consent.paused"): "PAUSED",
    ("ACTIVE", "consent.withdrawn"): "WITHDRAWN",
    ("ACTIVE", "consent.expired"): "EXPIRED",
    ("ACTIVE", "consent.exhausted"): "EXHAUSTED",
    ("ACTIVE", "consent.superseded"): "SUPERSEDED",
    ("PAUSED", "consent.resumed"): "ACTIVE",
    ("PAUSED", "consent.paused"): "PAUSED",  # The word that it rests on fell meanwhile.
    ("PAUSED", "consent.withdrawn"): "WITHDRAWN",
    ("PAUSED", "consent.expired"): "EXPIRED",
    ("PAUSED", "consent.exhausted"): "EXHAUSTED",
    ("PAUSED", "consent.superseded"): "SUPERSEDED",
}


def lend(
    consent: Consent, business_ref: str | None, *, closed_at: datetime | None = None
) -> Consent:
    """Return the consent as one for post-loan management of some business."""
    purposes = frozenset({Purpose.POST_LOAN})
    return replace(
        consent, purposes=purposes, business_ref=business_ref, business_closed_at=closed_at
    )


@pytest.mark.parametrize(("state", "event"), list(product(ConsentState, ConsentEvent)))
def test_every_event_in_every_state(state: ConsentState, event: ConsentEvent) -> None:
    """Fifteen moves exist; the other eighty-four pairs of state and event are refused."""
    after = MOVES.get((state.value, event.value))

    if after is None:
        with pytest.raises(TransitionImpossible):
            next_state(state, event)
    else:
        assert next_state(state, event) is ConsentState(after)


def test_a_live_consent_covers_what_it_names(
    consent: Consent, asked: Asked, noon: datetime
) -> None:
    """Bank, subject, purpose, section, instant and uses match: the second of three uses is next."""
    coverage = require_coverage(consent, asked, now=noon)

    assert coverage.sections == {SectionCode.REG}
    assert coverage.omitted == frozenset()
    assert coverage.use_number == 2
    assert (coverage.rule, coverage.rule_version) == ("consent-coverage", "2")


def test_sections_partly_covered_are_served_with_the_rest_named(
    consent: Consent, asked: Asked, noon: datetime
) -> None:
    """S4: one section of two is covered; the other comes back as omitted, without an error."""
    wider = replace(asked, sections=frozenset({SectionCode.PEN, SectionCode.EVA}))

    coverage = require_coverage(consent, wider, now=noon)

    assert coverage.sections == {SectionCode.PEN}
    assert coverage.omitted == {SectionCode.EVA}


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"bank_id": "bnk_2"}, ConsentMissing, "consent-missing"),
        ({"uscc": "93330381YY0000A13D"}, ConsentMissing, "consent-missing"),
        ({"clients": frozenset({"cli_2"})}, ClientNotAllowed, "consent-client-not-allowed"),
        ({"purposes": frozenset({Purpose.OTHER})}, PurposeMismatch, "consent-purpose-mismatch"),
        ({"used": 3}, ConsentExhausted, "consent-exhausted"),
        ({"used": 4}, ConsentExhausted, "consent-exhausted"),
        (
            {"sections": frozenset({SectionCode.EVA})},
            SectionsNotCovered,
            "consent-sections-not-covered",
        ),
    ],
)
def test_what_a_consent_does_not_cover_has_its_own_code(
    consent: Consent,
    asked: Asked,
    noon: datetime,
    changes: dict[str, object],
    error: type[Refused],
    code: str,
) -> None:
    """S3: each reason is one type of error; an unknown and a foreign consent are the same."""
    with pytest.raises(error) as caught:
        require_coverage(replace(consent, **changes), asked, now=noon)

    assert caught.value.code == code


def test_an_unknown_consent_is_told_as_a_foreign_one(
    consent: Consent, asked: Asked, noon: datetime
) -> None:
    """S3: the same code and the same prose, so that a bank learns nothing about other banks."""
    with pytest.raises(ConsentMissing) as unknown:
        require_coverage(None, asked, now=noon)
    with pytest.raises(ConsentMissing) as foreign:
        require_coverage(replace(consent, bank_id="bnk_2"), asked, now=noon)

    assert (unknown.value.code, unknown.value.prose) == (foreign.value.code, foreign.value.prose)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (ConsentState.REQUESTED, "consent-pending"),
        (ConsentState.PAUSED, "consent-paused"),
        (ConsentState.REFUSED, "consent-refused"),
        (ConsentState.LAPSED, "consent-lapsed"),
        (ConsentState.WITHDRAWN, "consent-withdrawn"),
        (ConsentState.EXPIRED, "consent-expired"),
        (ConsentState.EXHAUSTED, "consent-exhausted"),
        (ConsentState.SUPERSEDED, "consent-superseded"),
    ],
)
def test_every_state_but_active_refuses(
    consent: Consent, asked: Asked, noon: datetime, state: ConsentState, code: str
) -> None:
    """Only an ACTIVE consent covers anything, and the bank is told how its own one stands."""
    with pytest.raises(Refused) as caught:
        require_coverage(replace(consent, state=state), asked, now=noon)

    assert caught.value.code == code


def test_a_client_that_is_not_named_learns_no_state(
    consent: Consent, asked: Asked, noon: datetime
) -> None:
    """Of a withdrawn consent for another client of the bank, only "not allowed" is told."""
    withdrawn = replace(consent, state=ConsentState.WITHDRAWN, clients=frozenset({"cli_2"}))

    with pytest.raises(ClientNotAllowed):
        require_coverage(withdrawn, asked, now=noon)


def test_a_named_client_is_covered(consent: Consent, asked: Asked, noon: datetime) -> None:
    """A consent for one client of the bank covers that client."""
    named = replace(consent, clients=frozenset({"cli_1"}))

    assert require_coverage(named, asked, now=noon).consent is named


@pytest.mark.parametrize(
    ("offset", "covered"),
    [
        (timedelta(days=-1, microseconds=-1), False),
        (timedelta(days=-1), True),
        (timedelta(days=1, microseconds=-1), True),
        (timedelta(days=1), False),
    ],
)
def test_a_consent_is_valid_from_its_first_instant_and_not_at_its_last(
    consent: Consent, asked: Asked, noon: datetime, offset: timedelta, *, covered: bool
) -> None:
    """One rule for "exactly now": valid while valid_from <= now < valid_to."""
    if covered:
        assert require_coverage(consent, asked, now=noon + offset).use_number == 2
    else:
        with pytest.raises(ConsentExpired):
            require_coverage(consent, asked, now=noon + offset)


@pytest.mark.parametrize("closed", [None, timedelta(seconds=1)])
def test_post_loan_is_covered_by_the_open_business_that_the_consent_names(
    consent: Consent, asked: Asked, noon: datetime, closed: timedelta | None
) -> None:
    """Business that never closed, or closes only after this instant, is open."""
    lending = lend(consent, "B-7", closed_at=None if closed is None else noon + closed)
    question = replace(asked, purpose=Purpose.POST_LOAN, business_ref="B-7")

    assert require_coverage(lending, question, now=noon).consent is lending


@pytest.mark.parametrize(
    ("of_consent", "of_request"), [("B-7", "B-8"), ("B-7", None), (None, "B-7"), (None, None)]
)
def test_post_loan_without_the_consents_business_is_denied(
    consent: Consent, asked: Asked, noon: datetime, of_consent: str | None, of_request: str | None
) -> None:
    """Other business than the consent names, or none on either side, is no open business."""
    question = replace(asked, purpose=Purpose.POST_LOAN, business_ref=of_request)

    with pytest.raises(BusinessClosed):
        require_coverage(lend(consent, of_consent), question, now=noon)


def test_post_loan_ends_with_its_business(consent: Consent, asked: Asked, noon: datetime) -> None:
    """From the instant at which the business closes, post-loan management is denied."""
    question = replace(asked, purpose=Purpose.POST_LOAN, business_ref="B-7")

    with pytest.raises(BusinessClosed):
        require_coverage(lend(consent, "B-7", closed_at=noon), question, now=noon)


@pytest.mark.parametrize("change", [{"used": 3}, {"state": ConsentState.EXHAUSTED}])
def test_an_answer_given_before_needs_no_new_use(
    consent: Consent, asked: Asked, noon: datetime, change: dict[str, object]
) -> None:
    """E4: a replay is judged by standing alone; the last use was its own."""
    used_up = replace(consent, **change)

    assert require_standing(used_up, asked, now=noon) is used_up


@pytest.mark.parametrize(
    ("changes", "offset", "code"),
    [
        ({}, timedelta(0), None),
        ({}, timedelta(days=-2), None),
        ({}, timedelta(days=1), "consent-expired"),
        ({"used": 3}, timedelta(0), "consent-exhausted"),
        ({"state": ConsentState.PAUSED}, timedelta(0), "consent-paused"),
        ({"state": ConsentState.PAUSED}, timedelta(days=1), "consent-expired"),
        ({"state": ConsentState.WITHDRAWN}, timedelta(0), "consent-withdrawn"),
        ({"state": ConsentState.EXHAUSTED}, timedelta(0), "consent-exhausted"),
        ({"state": ConsentState.REQUESTED}, timedelta(0), "consent-pending"),
    ],
)
def test_G7_what_a_grant_rests_on_is_given_and_has_uses_left(
    consent: Consent,
    noon: datetime,
    changes: dict[str, object],
    offset: timedelta,
    code: str | None,
) -> None:
    """Its term may still be to come: then a token is good, and a look with it is not yet."""
    judged = replace(consent, **changes)

    if code is None:
        assert require_active(judged, now=noon + offset) is judged
        return
    with pytest.raises(Refused) as caught:
        require_active(judged, now=noon + offset)
    assert caught.value.code == code


def test_G7_an_unknown_consent_carries_no_grant(noon: datetime) -> None:
    """As if it had never been given."""
    with pytest.raises(ConsentMissing):
        require_active(None, now=noon)


@example(
    state=ConsentState.ACTIVE,
    offset=0,
    used=2,
    purpose=Purpose.PRE_LOAN_REVIEW,
    sections=frozenset({SectionCode.REG, SectionCode.PEN}),
    bank_id="bnk_1",
)
@given(
    state=st.sampled_from(ConsentState),
    offset=st.integers(-3, 3),
    used=st.integers(0, 4),
    purpose=st.sampled_from(Purpose),
    sections=st.frozensets(st.sampled_from(SectionCode), min_size=1),
    bank_id=st.sampled_from(["bnk_1", "bnk_2"]),
)
def test_nothing_is_covered_outside_the_consent(
    state: ConsentState,
    offset: int,
    used: int,
    purpose: Purpose,
    sections: frozenset[SectionCode],
    bank_id: str,
) -> None:
    """Whatever is asked, coverage comes only where every single condition holds."""
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    consent = Consent(
        consent_id="cns_1",
        version=2,
        state=state,
        bank_id="bnk_1",
        clients=frozenset(),
        uscc="91330100YY0000A13Y",
        purposes=frozenset({Purpose.PRE_LOAN_REVIEW, Purpose.LIMIT_APPROVAL}),
        sections=frozenset({SectionCode.REG, SectionCode.EVA}),
        valid_from=noon - timedelta(days=1),
        valid_to=noon + timedelta(days=1),
        max_queries=3,
        used=used,
        business_ref=None,
        business_closed_at=None,
    )
    asked = Asked(
        bank_id=bank_id,
        client_id="cli_1",
        uscc="91330100YY0000A13Y",
        consent_id="cns_1",
        purpose=purpose,
        sections=sections,
    )
    allowed = (
        state is ConsentState.ACTIVE
        and offset in {-1, 0}
        and used < 3
        and purpose in consent.purposes
        and bool(sections & consent.sections)
        and bank_id == "bnk_1"
    )

    if allowed:
        coverage = require_coverage(consent, asked, now=noon + timedelta(days=offset))
        assert coverage.sections | coverage.omitted == sections
        assert coverage.sections <= consent.sections
    else:
        with pytest.raises(Refused):
            require_coverage(consent, asked, now=noon + timedelta(days=offset))


@pytest.mark.parametrize(
    ("changes", "offset", "shown"),
    [
        ({}, timedelta(0), "ACTIVE"),
        ({}, timedelta(days=1), "EXPIRED"),
        ({"used": 3}, timedelta(0), "EXHAUSTED"),
        ({"used": 3}, timedelta(days=1), "EXPIRED"),
        ({"state": ConsentState.PAUSED}, timedelta(0), "PAUSED"),
        ({"state": ConsentState.WITHDRAWN, "used": 3}, timedelta(days=1), "WITHDRAWN"),
        ({"state": ConsentState.REQUESTED}, timedelta(days=5), "REQUESTED"),
        ({"state": ConsentState.REQUESTED}, timedelta(days=6), "LAPSED"),
        ({"state": ConsentState.REQUESTED, "lapses_at": None}, timedelta(days=6), "REQUESTED"),
    ],
)
def test_the_state_to_show_follows_time_and_uses(
    consent: Consent, noon: datetime, changes: dict[str, object], offset: timedelta, shown: str
) -> None:
    """A page never calls a consent live that the rule would refuse; stored ends stay."""
    assert state_at(replace(consent, **changes), now=noon + offset) is ConsentState(shown)


def test_the_artefact_is_canonical_json(consent: Consent) -> None:
    """Sorted members and lists, instants in UTC, nothing that does not apply."""
    raw = encode_artefact(artefact_of(consent))

    assert raw == (
        b'{"authorization_no":"A-1","consent_id":"cns_1",'
        b'"grantee":{"bank_id":"bnk_1","legal_name":"Example Bank","uscc":"91330104YY0000A13Q"},'
        b'"grantor":{"name":"Example Works","uscc":"91330100YY0000A13Y"},"max_queries":3,'
        b'"purposes":["PRE_LOAN_REVIEW"],"requested_at":"2026-03-01T12:00:00Z",'
        b'"sections":["PEN","REG"],"v":1,'
        b'"valid_from":"2026-03-01T12:00:00Z","valid_to":"2026-03-03T12:00:00Z"}'
    )


def test_the_artefact_says_the_same_whatever_the_time_zone(consent: Consent) -> None:
    """An instant given in China's time becomes the same bytes."""
    china = timezone(timedelta(hours=8))
    there = replace(
        consent,
        valid_from=consent.valid_from.astimezone(china),
        valid_to=consent.valid_to.astimezone(china),
    )

    assert encode_artefact(artefact_of(there)) == encode_artefact(artefact_of(consent))


def test_an_artefact_with_clients_and_business_reads_back(consent: Consent) -> None:
    """What was encoded is what is read, every optional member included."""
    named = replace(consent, clients=frozenset({"cli_2", "cli_1"}), business_ref="B-7")
    artefact = artefact_of(named)

    assert artefact.grantee.clients == ("cli_1", "cli_2")
    assert read_artefact(encode_artefact(artefact)) == artefact


def test_an_artefact_needs_the_instant_of_its_request(consent: Consent) -> None:
    """A consent rebuilt by a replay has no artefact of its own."""
    with pytest.raises(ValueError, match="instant of the request"):
        artefact_of(replace(consent, requested_at=None))


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b'"v":1', b'"v":2', Malformed),
        (b'{"auth', b'{ "auth', NotCanonical),
        (b'"max_queries":3', b'"max_queries":0', Malformed),
        (b'"v":1', b'"v":1,"vv":1', Malformed),
        (b'["PEN","REG"]', b"[]", Malformed),
    ],
)
def test_an_artefact_of_another_shape_is_refused(
    consent: Consent, old: bytes, new: bytes, error: type[Malformed]
) -> None:
    """Another version, other white space, no use, an unknown member, no section."""
    raw = encode_artefact(artefact_of(consent)).replace(old, new)

    with pytest.raises(error):
        read_artefact(raw)


def test_the_gateways_signature_holds_over_the_domain_and_the_bytes(
    consent: Consent, signer: FileKey
) -> None:
    """The signed bytes begin with the domain, so that no other message can stand in."""
    raw = encode_artefact(artefact_of(consent))
    signature = signer.sign(b"creditbridge-consent-v1\x00" + raw)

    artefact: ConsentArtefact = verify_artefact(raw, signature, signer.key)

    assert artefact.consent_id == "cns_1"
    assert artefact_message(raw).startswith(ARTEFACT_DOMAIN)


def test_a_signature_over_anything_else_is_refused(consent: Consent, signer: FileKey) -> None:
    """A signature over the bare bytes, without the domain, does not count."""
    raw = encode_artefact(artefact_of(consent))

    with pytest.raises(SignatureInvalid):
        verify_artefact(raw, signer.sign(raw), signer.key)
