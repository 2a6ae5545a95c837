"""Who belongs to whom: representatives, owners, officers, branches, former names."""

from datetime import date, timedelta

import pytest

from creditbridge.protocols.uscc import parse_uscc
from creditsandbox.province.codes import Category, Change
from creditsandbox.province.entities import draw_entity, find_parent
from creditsandbox.province.identifiers import complete_id_number
from creditsandbox.province.model import Enterprise
from creditsandbox.province.people import draw_person, list_represented, number_of_representative
from creditsandbox.province.population import Province

TODAY = date(2026, 11, 21)
SEED, SAMPLE = 531, 1_500


@pytest.fixture(scope="module")
def enterprises() -> list[Enterprise]:
    """Return the files of the first entities of the province."""
    province = Province(size=SAMPLE)
    found = [province.find_enterprise(uscc, on=TODAY) for uscc in province.list_codes()]
    return [enterprise for enterprise in found if enterprise is not None]


def test_an_identity_number_has_a_true_check_character() -> None:
    """GB 11643: 17 digits weighted, modulo 11; the division is one that never was."""
    number = complete_id_number(date(1949, 12, 31), 2)

    assert number == "339900194912310025"[:17] + number[17]
    weights = [2**place % 11 for place in range(17, -1, -1)]
    values = [10 if character == "X" else int(character) for character in number]
    assert sum(value * weight for value, weight in zip(values, weights, strict=True)) % 11 == 1


def test_a_person_is_the_same_whoever_asks() -> None:
    """Name, number and reference follow from seed and number, and no two references are alike."""
    people = [draw_person(SEED, number) for number in range(500)]

    assert people == [draw_person(SEED, number) for number in range(500)]
    assert len({person.reference for person in people}) == 500
    assert all(person.name[1] == "沙" for person in people)
    assert all(person.id_number.startswith("339900") for person in people)


def test_some_people_represent_several_entities() -> None:
    """A search by person finds each entity that the person represents, and no other."""
    several = [
        number for number in range(SAMPLE) if len(list_represented(SEED, number, size=SAMPLE)) > 1
    ]

    assert 20 < len(several) < 200
    for number in several:
        for index in list_represented(SEED, number, size=SAMPLE):
            assert number_of_representative(SEED, index) == number


def test_shares_add_up_to_a_hundred_and_the_largest_stands_first(
    enterprises: list[Enterprise],
) -> None:
    """Companies have owners whose shares are whole; what is no company has none."""
    owned = [each for each in enterprises if each.ownership.shareholders]

    assert len(owned) > SAMPLE / 2
    assert all(each.entity.category is Category.ENTERPRISE for each in owned)
    for each in owned:
        shares = [holder.share_percent for holder in each.ownership.shareholders]
        assert sum(shares) == 100
        assert shares == sorted(shares, reverse=True)


def test_a_corporate_owner_is_older_and_has_a_valid_code(enterprises: list[Enterprise]) -> None:
    """Where a company owns shares, its code is that of an entity here."""
    province = Province(size=SAMPLE)
    codes = [
        (each, holder.uscc)
        for each in enterprises
        for holder in each.ownership.shareholders
        if holder.uscc
    ]

    assert codes
    for each, uscc in codes:
        owner = province.find_enterprise(uscc, on=TODAY)
        assert owner is not None
        assert owner.entity.established_on < each.entity.established_on


def test_a_branch_has_its_own_code_and_its_parent_names_it(enterprises: list[Enterprise]) -> None:
    """One in twenty-five is a branch (分公司); its parent lists it, and it owns nothing itself."""
    by_code = {each.entity.uscc: each for each in enterprises}
    branches = [each for each in enterprises if each.entity.parent_uscc]

    assert len(branches) == SAMPLE // 25
    for branch in branches:
        parent = by_code[branch.entity.parent_uscc or ""]
        assert branch.entity.name.startswith(draw_entity(SEED, index_of(parent)).name)
        assert branch.entity.uscc in {each.uscc for each in parent.ownership.branches}
        assert parse_uscc(branch.entity.uscc).category.value == "ENTERPRISE"
        assert branch.entity.established_on >= parent.entity.established_on
        assert not branch.ownership.shareholders


def index_of(enterprise: Enterprise) -> int:
    """Return the index inside a code."""
    return int(enterprise.entity.uscc[10:16])


def test_only_the_last_of_a_block_are_branches() -> None:
    """The first forty-eight of fifty have no parent."""
    assert [find_parent(SEED, index) for index in range(48)] == [None] * 48
    assert find_parent(SEED, 49) is not None


def test_an_entity_bears_its_former_name_until_it_is_renamed(
    enterprises: list[Enterprise],
) -> None:
    """The day before, the old name and no former one; from the day on, the new one and the old."""
    province = Province(size=SAMPLE)
    renamed = [
        (each, change)
        for each in enterprises
        for change in each.alterations
        if change.item is Change.NAME
    ]

    assert len(renamed) > 20
    for each, change in renamed[:20]:
        before = province.find_enterprise(
            each.entity.uscc, on=change.changed_on - timedelta(days=1)
        )
        assert before is not None
        assert (before.entity.name, before.registration.former_names) == (change.before, ())
        assert (each.entity.name, each.registration.former_names) == (
            change.after,
            (change.before,),
        )


def test_each_change_is_undone_on_the_day_before(enterprises: list[Enterprise]) -> None:
    """Representative, capital, address and scope are those of the day."""
    province = Province(size=SAMPLE)
    seen: set[Change] = set()
    for each in enterprises:
        for change in each.alterations:
            day = change.changed_on - timedelta(days=1)
            before = province.find_enterprise(each.entity.uscc, on=day)
            assert before is not None
            held = before.registration
            stood = {
                Change.NAME: before.entity.name,
                Change.LEGAL_REPRESENTATIVE: held.legal_representative,
                Change.CAPITAL: f"{held.capital_wan:f}",
                Change.ADDRESS: held.address,
                Change.SCOPE: held.scope,
            }
            assert stood[change.item] == change.before
            seen.add(change.item)

    assert seen == set(Change)


def test_the_representative_is_the_person_of_the_registration(
    enterprises: list[Enterprise],
) -> None:
    """Before and after a change the person and the name on record are one."""
    for each in enterprises:
        assert each.representative is not None
        assert each.representative.name == each.registration.legal_representative
        assert each.ownership.officers[0].name == each.registration.legal_representative
