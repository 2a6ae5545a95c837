"""Draws: the same for the same name, and fair enough."""

from datetime import date

from creditsandbox.province.draws import Draw


def test_a_stream_is_the_same_on_every_machine() -> None:
    """The first draws of a named stream are these; changing them changes every province."""
    draw = Draw("entity", 531, 0)

    drawn = [draw.below(1000) for _ in range(6)]

    assert drawn == [884, 984, 417, 369, 889, 343]


def test_another_name_gives_another_stream() -> None:
    """Two streams that differ in one part of their names are unrelated."""
    left, right = Draw("entity", 531, 0), Draw("entity", 531, 1)

    assert [left.below(1000) for _ in range(20)] != [right.below(1000) for _ in range(20)]


def test_a_stream_goes_on_past_its_first_block() -> None:
    """After sixteen draws the next block follows, and it does not repeat the first."""
    draw = Draw("long")

    drawn = [draw.below(1_000_000) for _ in range(64)]

    assert len(set(drawn)) == 64


def test_draws_stay_within_their_bounds() -> None:
    """Bounds are kept, and both ends are reached."""
    draw = Draw("bounds")

    drawn = {draw.between(3, 6) for _ in range(200)}

    assert drawn == {3, 4, 5, 6}


def test_a_weight_of_nothing_is_never_drawn() -> None:
    """An item of weight zero does not come; the heavier comes more often."""
    draw = Draw("weights")
    weights = {"never": 0, "seldom": 1, "often": 9}

    drawn = [draw.weigh(tuple(weights), weights.__getitem__) for _ in range(500)]

    assert drawn.count("never") == 0
    assert 20 < drawn.count("seldom") < 90


def test_a_chance_of_a_thousand_is_certain() -> None:
    """A chance of 1000 in a thousand always happens, one of 0 never."""
    draw = Draw("chance")

    assert all(draw.chance(1000) for _ in range(50))
    assert not any(draw.chance(0) for _ in range(50))


def test_a_day_lies_in_its_year() -> None:
    """A drawn day belongs to the year it was drawn for."""
    draw = Draw("day")

    days = [draw.day_of(2024) for _ in range(300)]

    assert min(days) >= date(2024, 1, 1)
    assert max(days) <= date(2024, 12, 31)
