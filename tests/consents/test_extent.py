"""What of a consent's extent a look must keep: classes, products, roles, frequency, business."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from creditbridge.consents.model import (
    Asked,
    BusinessClosed,
    Consent,
    ConsentExhausted,
    ConsentFrequency,
    ConsentState,
    ProductMismatch,
    RoleMismatch,
    SectionsNotCovered,
)
from creditbridge.consents.rules import (
    classes_consented,
    next_look_at,
    require_coverage,
    require_standing,
    sections_consented,
    state_at,
)
from creditbridge.foundation.errors import Refused
from creditbridge.profile.classes import NEEDED_CLASSES, OPEN_CLASSES, classes_of
from creditbridge.profile.codes import DataClass, Product, Purpose, SectionCode, SubjectRole, Until

TICK = timedelta(microseconds=1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIVE = Consent(
    consent_id="cns_1",
    version=2,
    state=ConsentState.ACTIVE,
    bank_id="bnk_1",
    clients=frozenset(),
    uscc="91330100YY0000A13Y",
    purposes=frozenset({Purpose.PRE_LOAN_REVIEW}),
    sections=frozenset(),
    valid_from=NOON,
    valid_to=NOON + timedelta(days=1),
    max_queries=3,
    used=0,
    business_ref=None,
    business_closed_at=None,
)
LOOK = Asked(
    bank_id="bnk_1",
    client_id="cli_1",
    uscc=LIVE.uscc,
    consent_id="cns_1",
    purpose=Purpose.PRE_LOAN_REVIEW,
    sections=frozenset(),
)
P, Q, L, C = DataClass.PUBLIC, DataClass.QUERY, DataClass.LENDING, DataClass.COMMERCIAL


@pytest.mark.parametrize(
    ("classes", "sections"),
    [
        ({P}, "REG PEN"),
        ({Q}, "EVA"),
        ({P, Q}, "EVA JUD PEN REG TAX"),
        ({L}, "FIN"),
        ({C}, "SOC"),
        ({P, Q, L, C}, "EVA FIN JUD PEN REG SOC TAX"),
        ({DataClass.PERSONAL, DataClass.GOV_ONLY}, ""),
    ],
)
def test_a_section_is_read_where_every_class_of_it_is_consented(
    consent: Consent, asked: Asked, noon: datetime, classes: set[DataClass], sections: str
) -> None:
    """The rest is named as omitted; natural persons' data is opened by no enterprise's word."""
    named = frozenset(map(SectionCode, ["REG", "PEN", "EVA", "JUD", "TAX", "FIN", "SOC", "PSN"]))
    given_ = replace(consent, sections=named, data_classes=frozenset(classes))
    expected = frozenset(map(SectionCode, sections.split()))

    if not expected:
        with pytest.raises(SectionsNotCovered):
            require_coverage(given_, replace(asked, sections=named), now=noon)
        return
    coverage = require_coverage(given_, replace(asked, sections=named), now=noon)

    assert (coverage.sections, coverage.omitted) == (expected, named - expected)
    assert coverage.classes == classes


def test_a_consent_that_names_no_class_opens_what_its_sections_need(consent: Consent) -> None:
    """As one that was given before classes were asked for: every section of it, and no other."""
    old = replace(consent, sections=frozenset(SectionCode))

    assert sections_consented(old) == frozenset(SectionCode) - {SectionCode.PSN}
    assert classes_consented(old) == OPEN_CLASSES
    assert classes_of({SectionCode.REG}) == {P, Q}
    assert NEEDED_CLASSES.keys() == set(SectionCode)


@pytest.mark.parametrize(
    ("change", "look", "refusal"),
    [
        ({"products": {Product.LOAN}}, {}, ProductMismatch),
        ({"products": {Product.LOAN}}, {"product": Product.DISCOUNT}, ProductMismatch),
        ({"products": {Product.LOAN}}, {"product": Product.LOAN}, None),
        ({}, {"product": Product.LOAN}, None),
        ({"roles": {SubjectRole.BORROWER}}, {}, RoleMismatch),
        ({"roles": {SubjectRole.BORROWER}}, {"role": SubjectRole.GUARANTOR}, RoleMismatch),
        ({"roles": {SubjectRole.BORROWER}}, {"role": SubjectRole.BORROWER}, None),
        ({}, {"role": SubjectRole.RELATED_PARTY}, None),
    ],
)
def test_named_products_and_roles_are_the_only_ones(
    consent: Consent,
    asked: Asked,
    noon: datetime,
    change: dict[str, set[str]],
    look: dict[str, object],
    refusal: type[Refused] | None,
) -> None:
    """Who names none is covered by none; a consent that names none is for all."""
    narrow = replace(consent, **{name: frozenset(words) for name, words in change.items()})

    if refusal is None:
        assert require_coverage(narrow, replace(asked, **look), now=noon).use_number == 2
    else:
        with pytest.raises(refusal):
            require_coverage(narrow, replace(asked, **look), now=noon)


@pytest.mark.parametrize(("used", "covered"), [(0, True), (1, False)])
def test_a_consent_to_one_look_has_one(
    consent: Consent, asked: Asked, noon: datetime, used: int, *, covered: bool
) -> None:
    """Whatever number of queries stands beside it."""
    once = replace(consent, recurring=False, used=used)

    if covered:
        assert require_coverage(once, asked, now=noon).use_number == 1
    else:
        assert state_at(once, now=noon) is ConsentState.EXHAUSTED
        with pytest.raises(ConsentExhausted):
            require_coverage(once, asked, now=noon)


def test_a_look_too_soon_takes_no_use(consent: Consent, asked: Asked, noon: datetime) -> None:
    """At the very instant the interval ends it is covered."""
    monthly = replace(consent, min_interval_seconds=3_600, recent_uses=(noon,))
    due = noon + timedelta(hours=1)

    with pytest.raises(ConsentFrequency):
        require_coverage(monthly, asked, now=due - TICK)

    assert require_coverage(monthly, asked, now=due).use_number == 2


@pytest.mark.parametrize(
    ("until", "closed", "stands"),
    [
        (Until.BUSINESS_END, None, True),
        (Until.BUSINESS_END, TICK, True),
        (Until.BUSINESS_END, timedelta(0), False),
        (Until.BUSINESS_END, -TICK, False),
        (Until.TERM, -TICK, True),
    ],
)
def test_the_end_of_its_business_ends_a_consent_at_once(
    consent: Consent,
    asked: Asked,
    noon: datetime,
    until: Until,
    closed: timedelta | None,
    *,
    stands: bool,
) -> None:
    """At the very instant, for every purpose, answers given before included."""
    bound = replace(
        consent,
        until=until,
        business_ref="L-7",
        business_closed_at=None if closed is None else noon + closed,
    )

    if stands:
        assert require_coverage(bound, asked, now=noon).use_number == 2
        assert state_at(bound, now=noon) is ConsentState.ACTIVE
    else:
        assert state_at(bound, now=noon) is ConsentState.EXPIRED
        with pytest.raises(BusinessClosed):
            require_standing(bound, asked, now=noon)


@pytest.mark.parametrize(
    ("change", "hours"),
    [
        ({}, 0),
        ({"min_interval_seconds": 7_200}, 2),
        ({"used": 3}, None),
        ({"state": ConsentState.PAUSED}, None),
        ({"min_interval_seconds": 86_400}, None),
    ],
)
def test_the_next_look_is_foretold(
    consent: Consent, noon: datetime, change: dict[str, object], hours: int | None
) -> None:
    """Now, later, or never: used up, paused, or only when the term is over."""
    taken = replace(consent, recent_uses=(noon,), **change)
    at = None if hours is None else noon + timedelta(hours=hours)

    assert next_look_at(taken, now=noon) == at


def test_no_look_is_foretold_before_the_term_begins(consent: Consent, noon: datetime) -> None:
    """A consent that begins tomorrow is looked at tomorrow."""
    later = replace(consent, valid_from=noon + TICK)

    assert next_look_at(later, now=noon) == noon + TICK


def subsets(words: type[SectionCode] | type[DataClass]) -> st.SearchStrategy[frozenset[str]]:
    """Return any of the sets of some words."""
    return st.frozensets(st.sampled_from(list(words)))


@given(
    named=subsets(SectionCode),
    classes=subsets(DataClass),
    wanted=subsets(SectionCode),
    products=st.frozensets(st.sampled_from(list(Product)), max_size=2),
    product=st.one_of(st.none(), st.sampled_from(list(Product))),
)
def test_no_class_section_or_product_outside_the_consent_is_covered(
    named: frozenset[SectionCode],
    classes: frozenset[DataClass],
    wanted: frozenset[SectionCode],
    products: frozenset[Product],
    product: Product | None,
) -> None:
    """Whatever is consented and whatever is asked for."""
    given_ = replace(LIVE, sections=named, data_classes=classes, products=products)
    try:
        coverage = require_coverage(
            given_, replace(LOOK, sections=wanted, product=product), now=given_.valid_from
        )
    except Refused:
        return

    assert coverage.sections <= named & wanted
    assert coverage.sections | coverage.omitted == wanted
    assert all(NEEDED_CLASSES[code] <= coverage.classes for code in coverage.sections)
    assert coverage.classes <= (classes or OPEN_CLASSES) & OPEN_CLASSES
    assert not products or product in products
