"""The province: deterministic, valid, plausible."""

from collections import Counter
from datetime import date
from hashlib import sha256

import msgspec
import pytest

from creditbridge.protocols.uscc import parse_uscc
from creditsandbox.province.codes import Category, Finality, Status
from creditsandbox.province.entities import KINDS
from creditsandbox.province.identifiers import complete_uscc
from creditsandbox.province.model import Enterprise
from creditsandbox.province.population import Province

TODAY = date(2026, 11, 21)
SAMPLE = 2_000
CODES_DIGEST = "9f596c32e3194ac541191b6f0be6721b35437389c16a6b88776007630fcfc2e0"
FILES_DIGEST = "3586edd9a28176ece55f4f15d7a11943d9aa12edf26de10a199b1b99329c5fa9"


@pytest.fixture(scope="module")
def enterprises() -> list[Enterprise]:
    """Return the files of two thousand entities."""
    province = Province(size=SAMPLE)
    found = [province.find_enterprise(uscc, on=TODAY) for uscc in province.list_codes()]
    return [enterprise for enterprise in found if enterprise is not None]


def test_the_population_follows_from_its_seed() -> None:
    """The codes of seed 531 have this digest, on every machine; another seed has another."""
    codes = "\n".join(Province(seed=531, size=1_000).list_codes())
    others = "\n".join(Province(seed=532, size=1_000).list_codes())

    assert sha256(codes.encode()).hexdigest() == CODES_DIGEST
    assert codes != others


def test_the_files_follow_from_seed_and_day() -> None:
    """The whole files of a hundred entities on one day have this digest."""
    province = Province(seed=531, size=100)
    files = [province.find_enterprise(uscc, on=TODAY) for uscc in province.list_codes()]

    assert sha256(msgspec.json.encode(files)).hexdigest() == FILES_DIGEST


def test_ten_thousand_codes_are_valid_and_differ() -> None:
    """Every code of the default province passes both of its checks, and none comes twice."""
    codes = list(Province().list_codes())

    assert len(codes) == len(set(codes)) == 10_000
    assert all(parse_uscc(uscc).warnings == () for uscc in codes)


def test_every_entity_is_of_the_category_of_its_code(enterprises: list[Enterprise]) -> None:
    """The prefix of the code and the category agree."""
    for enterprise in enterprises:
        entity = enterprise.entity
        assert parse_uscc(entity.uscc).category.value == entity.category.value


def test_every_name_gives_the_sandbox_away(enterprises: list[Enterprise]) -> None:
    """Names of entities carry 沙盒, names of persons have 沙 in the middle."""
    for enterprise in enterprises:
        assert "沙盒" in enterprise.entity.name
        assert enterprise.registration.legal_representative[1] == "沙"


def test_the_mix_of_categories_is_plausible(enterprises: list[Enterprise]) -> None:
    """Three in four are enterprises, one in six a sole proprietor, few are organs or others."""
    share = Counter(enterprise.entity.category for enterprise in enterprises)

    assert 0.74 < share[Category.ENTERPRISE] / SAMPLE < 0.84
    assert 0.12 < share[Category.SOLE_PROPRIETOR] / SAMPLE < 0.2
    assert 0.003 < share[Category.GOV_AGENCY] / SAMPLE < 0.02
    assert 0.01 < share[Category.OTHER] / SAMPLE < 0.04
    # Natural persons have no code that could be asked for.
    assert set(share) == set(Category) - {Category.NATURAL_PERSON}


def test_every_kind_of_prefix_and_an_abolished_division_occur() -> None:
    """Ten thousand codes hold A1, N1 to N3, Y1, 31, 53, 81 and divisions that are no more."""
    codes = list(Province().list_codes())

    assert {code[:2] for code in codes} == {prefix for prefix, *_ in KINDS}
    assert {code[2:8] for code in codes} >= {"330103", "330104", "330283"}


def test_a_code_that_begins_with_a_letter_finds_its_entity() -> None:
    """Collective economies (N2) are asked for as everybody else."""
    province = Province(size=SAMPLE)
    villages = [code for code in province.list_codes() if code.startswith("N2")]

    found = [province.find_enterprise(code, on=TODAY) for code in villages]

    assert found
    assert all(each is not None and each.entity.category is Category.OTHER for each in found)


def test_most_are_alive_and_most_have_nothing_on_record(enterprises: list[Enterprise]) -> None:
    """Four in five are active; most have no penalty, and very few stand on a list."""
    alive = sum(each.registration.status is Status.ACTIVE for each in enterprises)
    clean = sum(not each.penalties for each in enterprises)
    listed = sum(bool(each.listings) for each in enterprises)

    assert 0.78 < alive / SAMPLE < 0.92
    assert 0.55 < clean / SAMPLE < 0.8
    assert 0.01 < listed / SAMPLE < 0.09


def test_arrears_make_a_listing_likelier(enterprises: list[Enterprise]) -> None:
    """Those who owe taxes stand on lists at least three times as often as the others."""
    owing = [each for each in enterprises if each.tax_arrears]
    paid = [each for each in enterprises if not each.tax_arrears]

    def listed(group: list[Enterprise]) -> float:
        return sum(bool(each.listings) for each in group) / len(group)

    assert listed(owing) > 3 * listed(paid)


def test_the_young_have_few_records(enterprises: list[Enterprise]) -> None:
    """Who was established less than a year ago has fewer penalties than who is ten years old."""

    def mean(youngest: int, oldest: int) -> float:
        group = [
            len(each.penalties)
            for each in enterprises
            if youngest <= (TODAY - each.entity.established_on).days < oldest
        ]
        return sum(group) / len(group)

    assert mean(0, 365) < 0.3 * mean(3650, 9000)


def test_nothing_is_decided_before_birth_or_after_the_end(enterprises: list[Enterprise]) -> None:
    """Every record lies between establishment and today, or the end of the entity."""
    for each in enterprises:
        ended = each.registration.status in (
            Status.DEREGISTERED,
            Status.REVOKED_NOT_DEREGISTERED,
        )
        last = (each.registration.status_since if ended else None) or TODAY
        days = [penalty.decided_on for penalty in each.penalties]
        days += [entry.included_on for entry in each.listings]
        days += [entry.included_on for entry in each.abnormalities]
        days += [judgment.published_on for judgment in each.judgments]
        days += [licence.decided_on for licence in each.licences]
        days += [change.changed_on for change in each.alterations]
        assert all(each.entity.established_on < day <= last for day in days)


def test_a_history_only_grows(enterprises: list[Enterprise]) -> None:
    """What was decided until a day is still on record a month later, with the same number."""
    province = Province(size=SAMPLE)
    for each in enterprises[:400]:
        later = province.find_enterprise(each.entity.uscc, on=date(2026, 12, 21))
        assert later is not None
        numbers = {penalty.document_no for penalty in later.penalties}
        assert {penalty.document_no for penalty in each.penalties} <= numbers


def test_a_fresh_penalty_can_still_be_appealed(enterprises: list[Enterprise]) -> None:
    """Within sixty days no penalty is final, and only a final one was repaired."""
    penalties = [penalty for each in enterprises for penalty in each.penalties]
    fresh = [penalty for penalty in penalties if (TODAY - penalty.decided_on).days < 60]

    assert {penalty.finality for penalty in fresh} == {Finality.APPEAL_OPEN}
    assert {penalty.finality for penalty in penalties} == set(Finality)
    assert all(penalty.finality is Finality.FINAL for penalty in penalties if penalty.repaired_on)


def test_organs_of_government_have_no_adverse_records(enterprises: list[Enterprise]) -> None:
    """No department is punished or listed by another."""
    organs = [each for each in enterprises if each.entity.category is Category.GOV_AGENCY]

    assert all(not each.penalties and not each.listings for each in organs)


def test_the_index_alone_names_nobody() -> None:
    """A valid code with the index of an entity, but another division, finds nothing."""
    province = Province(size=10)
    uscc = next(iter(province.list_codes()))
    other = complete_uscc("91", division="330000", body=uscc[8:16])

    assert other != uscc
    assert province.find_enterprise(other, on=TODAY) is None


def test_beyond_the_size_nobody_lives() -> None:
    """The eleventh code of a larger province is nobody's in a province of ten."""
    *_, eleventh = Province(size=11).list_codes()

    assert Province(size=10).find_enterprise(eleventh, on=TODAY) is None
    assert Province(size=11).find_enterprise(eleventh, on=TODAY) is not None


def test_nobody_exists_before_the_day_of_establishment() -> None:
    """An entity is not found on a day before it was established."""
    province = Province(size=1)
    uscc = next(iter(province.list_codes()))

    assert province.find_enterprise(uscc, on=date(1999, 1, 1)) is None


def test_a_province_has_at_most_a_million_entities() -> None:
    """A size that identifiers cannot carry is refused."""
    with pytest.raises(ValueError, match="at most 1000000"):
        Province(size=1_000_001)


def test_departments_have_valid_codes_of_their_own(enterprises: list[Enterprise]) -> None:
    """Every authority is a government organ with a valid code."""
    authorities = {each.registration.authority for each in enterprises}
    authorities |= {penalty.authority for each in enterprises for penalty in each.penalties}

    assert len(authorities) > 20
    assert {parse_uscc(each.uscc).category.value for each in authorities} == {"GOV_AGENCY"}
