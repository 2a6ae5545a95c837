"""Natural persons: whom they represent, what restricts them, a score without a grade."""

from datetime import date, timedelta

import msgspec
import pytest

from creditsandbox.app import main
from creditsandbox.province.fixed import Outcome, build_fixed, list_fixed
from creditsandbox.province.indexes import INDEXES
from creditsandbox.province.model import Enterprise
from creditsandbox.province.people import draw_person
from creditsandbox.province.persons import MODEL, PersonFile, PersonScore, open_file, score_person
from creditsandbox.province.population import Province

TODAY = date(2026, 11, 21)
SEED, SAMPLE = 531, 600


def fixed(outcome: Outcome) -> Enterprise:
    """Return the file of a fixed enterprise."""
    uscc = next(each.uscc for each in list_fixed() if each.outcome is outcome)
    return build_fixed(TODAY)[uscc]


@pytest.fixture(scope="module")
def files() -> list[PersonFile]:
    """Return the files of the first persons of the province."""
    province = Province(size=SAMPLE)
    found = [province.find_person(number, on=TODAY) for number in range(SAMPLE)]
    return [file for file in found if file is not None]


def test_a_person_represents_who_names_them(files: list[PersonFile]) -> None:
    """Each entity of the file has this person as its representative today; some have several."""
    province = Province(size=SAMPLE)
    for file in files:
        for uscc in file.represents:
            each = province.find_enterprise(uscc, on=TODAY)
            assert each is not None
            assert each.representative == file.person

    assert any(len(file.represents) > 1 for file in files)
    assert any(not file.represents for file in files)


def test_a_persons_score_is_the_sum_of_its_items(files: list[PersonFile]) -> None:
    """Of a thousand, illustrative, and without a grade; most lose nothing."""
    scores = [file.score for file in files if file.score is not None]

    assert {item.index_id for item in MODEL.items} <= {row.index_id for row in INDEXES}
    assert MODEL.certainty == "illustrative"
    assert MODEL.model_version.startswith("SBX-")
    assert not any("grade" in field for field in PersonScore.__struct_fields__)
    for score in scores:
        assert score.score == sum(row.points for row in score.contributions) <= 1000
        assert score.max_score == sum(row.max_points for row in score.contributions) == 1000
        for row in score.contributions:
            assert row.max_points - row.points == sum(x.points for x in row.deductions)
    assert sum(score.score == 1000 for score in scores) > 0.8 * len(scores)


def test_who_represents_a_defaulter_is_restricted() -> None:
    """SERIOUS_LIST: no high consumption, 200 points less, and 50 for the abnormal entry."""
    each = fixed(Outcome.SERIOUS_LIST)

    file = open_file(draw_person(SEED, 1), (each,), on=TODAY)

    assert [row.code for row in file.restrictions] == ["RESTRICT_HIGH_CONSUMPTION"]
    assert file.restrictions[0].uscc == each.entity.uscc
    assert file.score is not None
    assert file.score.score == 750


def test_a_removed_listing_restricts_nobody() -> None:
    """From the day of its removal the restriction is gone and the points are back."""
    each = fixed(Outcome.SERIOUS_LIST)
    entry = msgspec.structs.replace(each.listings[0], removed_on=TODAY)
    free = msgspec.structs.replace(each, listings=(entry,), abnormalities=())

    assert open_file(draw_person(SEED, 1), (free,), on=TODAY).restrictions == ()
    assert score_person((free,), on=TODAY).score == 1000
    assert score_person((free,), on=TODAY - timedelta(days=1)).score == 800


def test_no_item_of_a_person_falls_below_zero() -> None:
    """Five defaulting companies take the 400 points of their item, not a thousand."""
    each = msgspec.structs.replace(fixed(Outcome.SERIOUS_LIST), abnormalities=())

    assert score_person((each,) * 5, on=TODAY).score == 600


def test_minors_and_times_before_the_model_have_no_score() -> None:
    """Who is not yet eighteen is not evaluated, and nobody was before 2026."""
    child = msgspec.structs.replace(draw_person(SEED, 1), born_on=date(2008, 11, 22))

    assert open_file(child, (), on=TODAY).score is None
    assert open_file(child, (), on=TODAY + timedelta(days=1)).score is not None
    assert open_file(draw_person(SEED, 1), (), on=date(2025, 12, 31)).score is None


def test_beyond_the_size_there_is_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers below zero and from the size on name nobody; the command says so."""
    province = Province(size=3)

    assert province.find_person(-1, on=TODAY) is None
    assert province.find_person(3, on=TODAY) is None
    assert main(["person", "3", "--size", "3"]) == 1
    assert main(["person", "2", "--size", "3", "--on", "2026-11-21"]) == 0
    shown = msgspec.json.decode(capsys.readouterr().out, type=PersonFile)
    assert shown.person == draw_person(SEED, 2)
