"""Natural persons are hidden but for whoever said yes for themselves (L13, L21, L29)."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from msgspec.structs import replace

from creditbridge.profile.build import ProfileHeading, build_profile
from creditbridge.profile.codes import DataClass, KeyPosition, OmissionReason, SectionCode
from creditbridge.profile.merge import merge
from creditbridge.profile.model import (
    Extent,
    NamedPerson,
    NoneSection,
    Omission,
    PresentSection,
    Section,
    SourceAnswer,
    records_of,
    shows_persons,
)
from creditbridge.profile.persons import CoveredPerson, is_covered, sections_opened
from creditbridge.profile.record import RecordBase
from creditbridge.profile.sections import KeyPersonRecord, Penalty, Record, Registration
from creditbridge.profile.sections.persons import (
    PersonMeasure,
    identify_person_record,
    mask_person,
)
from creditbridge.profile.sections.registration import mask_legal_rep
from creditbridge.profile.suppression import suppress

REG, PSN, PEN = SectionCode.REG, SectionCode.PSN, SectionCode.PEN
ZHANG = CoveredPerson(
    person_consent_id="pcs_1",
    entry="evt_1",
    artefact_digest="0" * 64,
    name="张示例",
    position=KeyPosition.LEGAL_REP,
    sections=frozenset({REG, PSN}),
)


@pytest.fixture
def record(penalty: Penalty) -> KeyPersonRecord:
    """What a court holds about the legal representative."""
    base = {name: getattr(penalty, name) for name in RecordBase.__struct_fields__}
    return KeyPersonRecord(
        **{**base, "data_class": DataClass.PERSONAL, "record_id": "rec_person"},
        person="张示例",
        positions=(KeyPosition.LEGAL_REP,),
        measure=PersonMeasure.JUDGMENT_DEFAULTER,
        measure_text="失信被执行人",
        document_no="（2026）示0101执1号",
        decided=date(2026, 3, 1),
        ends=None,
        authority="示例市人民法院",
        authority_uscc=None,
    )


@pytest.fixture
def serve(
    answer_of: Callable[..., SourceAnswer],
    present: Callable[..., PresentSection],
    extent: Extent,
    now: datetime,
) -> Callable[..., Section]:
    """Serve one record of a section under the consents of these persons."""

    def run(code: SectionCode, record: Record, *persons: CoveredPerson) -> Section:
        asked = replace(extent, asked=frozenset({code}), covered=frozenset({code}), persons=persons)
        merged = merge([answer_of({code: present(record)})])
        return suppress(merged, extent=asked, now=now).sections[code]

    return run


@pytest.mark.parametrize(
    ("persons", "shown"),
    [
        pytest.param((), "张**", id="nobody"),
        pytest.param((ZHANG,), "张示例", id="that person"),
        pytest.param((replace(ZHANG, name="张示范"),), "张**", id="somebody else"),
        pytest.param(
            (replace(ZHANG, position=KeyPosition.CONTROLLER),), "张**", id="in another position"
        ),
        pytest.param((replace(ZHANG, sections=frozenset({PSN})),), "张**", id="in another section"),
        pytest.param((replace(ZHANG, name="李示例"), ZHANG), "张示例", id="that person too"),
    ],
)
def test_l29_the_legal_representative_is_masked_unless_they_agreed(
    serve: Callable[..., Section],
    registration: Registration,
    persons: tuple[CoveredPerson, ...],
    shown: str,
) -> None:
    """Shown for exactly that person, in exactly that position and section."""
    (served,) = records_of(serve(REG, replace(registration, legal_rep="张示例"), *persons))

    assert isinstance(served, Registration)
    assert served.legal_rep == shown


def test_a_register_without_a_name_stays_without(
    serve: Callable[..., Section], registration: Registration
) -> None:
    """Nothing to mask is nothing, not a star."""
    (served,) = records_of(serve(REG, replace(registration, legal_rep=None), ZHANG))

    assert isinstance(served, Registration)
    assert served.legal_rep is None


@pytest.mark.parametrize(
    ("persons", "shown"),
    [
        pytest.param((), 0, id="nobody"),
        pytest.param((ZHANG,), 1, id="that person"),
        pytest.param((replace(ZHANG, name="张示范"),), 0, id="somebody else"),
        pytest.param((replace(ZHANG, sections=frozenset({REG})),), 0, id="for another section"),
        pytest.param(
            (replace(ZHANG, position=KeyPosition.CONTROLLER),), 0, id="in another position"
        ),
    ],
)
def test_l13_a_record_about_a_person_needs_that_persons_consent(
    serve: Callable[..., Section],
    none: NoneSection,
    record: KeyPersonRecord,
    persons: tuple[CoveredPerson, ...],
    shown: int,
) -> None:
    """A record of whoever did not consent leaves no trace: the section is NONE."""
    served = serve(PSN, record, *persons)

    assert records_of(served) == (record,) * shown
    assert shown or served == none


def test_a_person_among_an_enterprises_records_is_never_shown(
    serve: Callable[..., Section],
    none: NoneSection,
    penalty: Penalty,
    registration: Registration,
) -> None:
    """Consent of a person opens the sections that know persons, and no other."""
    everywhere = replace(ZHANG, sections=frozenset(SectionCode))

    assert serve(PEN, replace(penalty, data_class=DataClass.PERSONAL), everywhere) == none
    assert serve(REG, replace(registration, data_class=DataClass.PERSONAL), everywhere) == none


def test_psn_is_omitted_where_nobody_opened_it(
    answer_of: Callable[..., SourceAnswer], extent: Extent, now: datetime
) -> None:
    """NOT_CONSENTED, whatever the platform might hold."""
    asked = replace(extent, asked=frozenset({PSN}))

    served = suppress(merge([answer_of({})]), extent=asked, now=now)

    assert served.omitted == (Omission(code=PSN, reason=OmissionReason.NOT_CONSENTED),)


def test_what_a_persons_consent_opens_is_what_is_asked_of_persons_alone() -> None:
    """PSN where asked and given; REG is the enterprise's to open."""
    asked = frozenset({REG, PSN})

    assert sections_opened((ZHANG,), asked) == {PSN}
    assert sections_opened((ZHANG,), frozenset({REG})) == set()
    assert sections_opened((replace(ZHANG, sections=frozenset({REG})),), asked) == set()
    assert sections_opened((), asked) == set()
    assert not is_covered((), "张示例", (KeyPosition.LEGAL_REP,), PSN)


def test_a_record_is_known_by_its_number_and_its_person(
    record: KeyPersonRecord, penalty: Penalty, registration: Registration
) -> None:
    """One document may be about two people; a mask for another section's record hides it."""
    other = replace(record, person="李示例", authority_uscc="11330000YY0000A132")

    assert identify_person_record(record) == ("示例市人民法院", "（2026）示0101执1号", "张示例")
    assert identify_person_record(other) == (
        "11330000YY0000A132",
        "（2026）示0101执1号",
        "李示例",
    )
    assert identify_person_record(replace(record, document_no=None)) is None
    assert identify_person_record(penalty) is None
    assert mask_person(registration, (ZHANG,)) is None
    assert mask_legal_rep(penalty, (ZHANG,)) is None


def test_the_profile_names_whose_consents_it_rests_on(
    answer_of: Callable[..., SourceAnswer], extent: Extent, heading: ProfileHeading, now: datetime
) -> None:
    """By the consent's id and the position, never by name: whoever reads PSN knows of whom."""
    served = suppress(merge([answer_of({})]), extent=extent, now=now)

    draft = build_profile(served, (), heading=replace(heading, persons=(ZHANG,)))

    assert draft.persons == (
        NamedPerson(
            person_consent_id="pcs_1",
            position=KeyPosition.LEGAL_REP,
            sections=(PSN, REG),
        ),
    )
    assert build_profile(served, (), heading=heading).persons == ()


@pytest.mark.parametrize(("legal_rep", "shows"), [("张示例", 1), ("张**", 0), ("*", 0), (None, 0)])
def test_a_profile_shows_a_person_by_name_or_by_record(
    answer_of: Callable[..., SourceAnswer],
    present: Callable[..., PresentSection],
    extent: Extent,
    heading: ProfileHeading,
    registration: Registration,
    record: KeyPersonRecord,
    now: datetime,
    legal_rep: str | None,
    shows: int,
) -> None:
    """A mask shows nobody; a record about somebody shows them, whatever the register says."""
    named = replace(registration, legal_rep=legal_rep)
    merged = merge([answer_of({REG: present(named), PSN: present(record)})])
    everybody = (ZHANG, replace(ZHANG, name=legal_rep or ""))
    opened = replace(extent, persons=everybody)
    with_records = replace(opened, asked=opened.asked | {PSN}, covered=opened.covered | {PSN})

    draft = build_profile(suppress(merged, extent=opened, now=now), (), heading=heading)
    full = build_profile(suppress(merged, extent=with_records, now=now), (), heading=heading)

    assert shows_persons(draft) is bool(shows)
    assert shows_persons(full)
