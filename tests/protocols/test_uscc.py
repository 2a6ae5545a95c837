"""GB 32100-2015, judged by vectors of others' making and by python-stdnum where it knows enough."""

from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from stdnum.cn import uscc as oracle

from creditbridge.protocols.uscc import (
    ALPHABET,
    EntityCategory,
    Uscc,
    UsccFault,
    UsccInvalid,
    UsccWarning,
    inner_check,
    outer_check,
    parse_uscc,
)

STABLE = settings(derandomize=True, deadline=None, max_examples=300)

# A dotless i: upper-casing would make an I of it, and "not in the alphabet" the reason. We say that
# it is not ASCII before anything is upper-cased; refused it is either way.
OTHER_REASON = {136: UsccFault.NOT_ASCII}


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the vectors."""

    id: int
    input: str
    expect: str
    reason: str
    canonical: str | None
    department: str | None = None
    category_code: str | None = None
    category: str | None = None
    division: str | None = None
    organisation_code: str | None = None


class Cases(msgspec.Struct, frozen=True):
    """The file of the vectors."""

    cases: list[Case]


@pytest.fixture(scope="module")
def cases(vectors: Path) -> list[Case]:
    """The 144 codes, valid and not."""
    raw = (vectors / "uscc" / "uscc.json").read_bytes()
    return msgspec.json.decode(raw, type=Cases).cases


def test_all_144_vectors_are_decided_as_printed(cases: list[Case]) -> None:
    """87 codes are accepted, 5 accepted with a warning, 52 refused, each for the printed reason."""
    decided = {"valid": 0, "warn": 0, "invalid": 0}

    for case in cases:
        expect, reason = decide(case)
        assert expect == case.expect, case.id
        assert reason == OTHER_REASON.get(case.id, case.reason), case.id
        decided[expect] += 1

    assert decided == {"valid": 87, "warn": 5, "invalid": 52}


def decide(case: Case) -> tuple[str, str]:
    """Return our decision in the words of the vectors; compare the parts of an accepted code."""
    try:
        code = parse_uscc(case.input)
    except UsccInvalid as refusal:
        return "invalid", refusal.reason
    assert_parts(code, case)
    if code.warnings:
        return "warn", code.warnings[0]
    return "valid", "ok" if code.value == case.input else "normalised"


def assert_parts(code: Uscc, case: Case) -> None:
    """Compare every part that the vectors print."""
    assert code.value == case.canonical
    assert code.department == case.department
    assert code.category_code == case.category_code
    assert code.category == case.category
    assert code.division == case.division
    assert code.organisation_code == case.organisation_code


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("", UsccFault.EMPTY, 0),
        (" 9133020367473724", UsccFault.LENGTH, 0),
        ("9" * 65, UsccFault.LENGTH, 0),
        ("913302******531452", UsccFault.MASKED, 7),
        ("742183213", UsccFault.ORGANISATION_CODE, 0),
        ("330203000012345", UsccFault.REGISTRATION_NUMBER, 0),
        ("9133 0203674737244W", UsccFault.SEPARATOR, 5),
        ("91330203-674737244W", UsccFault.SEPARATOR, 9),
        ("91330203674737244\x00", UsccFault.CONTROL, 18),
        ("  913302036\u200b74737244W", UsccFault.INVISIBLE, 10),
        ("9133020367473724\u00df", UsccFault.NOT_ASCII, 17),
        ("91330203674737'--W", UsccFault.ALPHABET, 15),
        ("913302036O4737244W", UsccFault.ALPHABET, 10),
        ("G1330203674737244W", UsccFault.DEPARTMENT, 1),
        ("9I330203674737244W", UsccFault.CATEGORY_NOT_DIGIT, 2),
        ("913302O3674737244W", UsccFault.DIVISION_NOT_DIGIT, 7),
        ("11010519491231002X", UsccFault.IDENTITY_NUMBER, 0),
        ("11010519491231002Y", UsccFault.OUTER_CHECK, 18),
        ("91330203674737244X", UsccFault.OUTER_CHECK, 18),
    ],
)
def test_a_refusal_names_reason_and_position(text: str, reason: UsccFault, position: int) -> None:
    """The person at the keyboard is told which character to look at, counted from 1."""
    with pytest.raises(UsccInvalid) as refusal:
        parse_uscc(text)

    assert (refusal.value.reason, refusal.value.position) == (reason, position)
    assert refusal.value.code == "uscc-invalid"


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    """The prose holds reason and position, and nothing of the input."""
    with pytest.raises(UsccInvalid) as refusal:
        parse_uscc("913302036O4737244W")

    assert refusal.value.prose == (
        "This is not a unified social credit code: alphabet, position 10."
    )


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("91330100YY0000A13Y", EntityCategory.ENTERPRISE),
        ("92330203YY0000A13C", EntityCategory.SOLE_PROPRIETOR),
        ("93330381YY0000A13D", EntityCategory.ENTERPRISE),
        ("51330000YY0000A13X", EntityCategory.SOCIAL_ORG),
        ("12330100YY0000A134", EntityCategory.PUBLIC_INSTITUTION),
        ("11330000YY0000A132", EntityCategory.GOV_AGENCY),
        ("81330600YY0000A13R", EntityCategory.OTHER),
        ("A1100000YY0000A13Y", EntityCategory.OTHER),
        ("N2330109YY0000A13G", EntityCategory.OTHER),
        ("91330104YY0000A13Q", EntityCategory.ENTERPRISE),
    ],
)
def test_the_prefix_gives_the_category(text: str, category: EntityCategory) -> None:
    """The first two characters decide; the division, abolished or not, never does."""
    assert parse_uscc(text).category is category


def test_the_categories_are_the_callers_to_configure() -> None:
    """A house that counts trade unions among social organisations says so."""
    categories = {"81": EntityCategory.SOCIAL_ORG}

    code = parse_uscc("81330600YY0000A13R", categories=categories)

    assert code.category is EntityCategory.SOCIAL_ORG


def test_a_wrong_inner_check_only_warns() -> None:
    """Such codes were issued: the code is accepted and marked."""
    assert parse_uscc("91330100YY0000A11Q").warnings == (UsccWarning.INNER_CHECK,)
    assert parse_uscc("91330100YY0000A13Y").warnings == ()


prefixes = st.sampled_from(["11", "12", "51", "52", "81", "91", "92", "93"])
divisions = st.sampled_from(["330100", "330106", "330203", "110108", "440300"])
bodies = st.text(ALPHABET, min_size=8, max_size=8)


@STABLE
@given(prefixes, divisions, bodies, st.sampled_from(ALPHABET))
def test_stdnum_agrees_on_codes_with_digits_in_front(
    prefix: str, division: str, body: str, last: str
) -> None:
    """Where python-stdnum knows prefix and division, both give the same outer check character."""
    front = prefix + division + body + inner_check(body)

    right = oracle.calc_check_digit(front)

    assert outer_check(front) == right
    assert parse_uscc(front + right).warnings == ()
    assert oracle.is_valid(front + right)
    assert oracle.is_valid(front + last) is (last == right)


@STABLE
@given(st.text(max_size=70))
def test_any_text_is_a_code_or_refused(text: str) -> None:
    """Nothing but a code or the one refusal comes out, whatever goes in."""
    with suppress(UsccInvalid):
        parse_uscc(text)


@STABLE
@given(prefixes, divisions, bodies, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_changed_character_is_always_noticed(
    prefix: str, division: str, body: str, place: int, character: str
) -> None:
    """MOD 31-3 finds every single substitution (GB/T 17710)."""
    front = prefix + division + body + inner_check(body)
    code = front + outer_check(front)
    changed = code[:place] + character + code[place + 1 :]

    if changed == code:
        assert parse_uscc(changed).value == code
    else:
        with pytest.raises(UsccInvalid):
            parse_uscc(changed)
