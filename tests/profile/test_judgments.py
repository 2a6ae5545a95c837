"""JUD: the list of defaulters and the judgments not performed, kept apart."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import asdict, replace

from creditbridge.profile.amount import Amount
from creditbridge.profile.codes import FlagState, Lifecycle, SectionCode
from creditbridge.profile.merge import merge
from creditbridge.profile.model import PresentSection, SourceAnswer, records_of
from creditbridge.profile.policy import DEFAULT_POLICY
from creditbridge.profile.record import RecordBase
from creditbridge.profile.sections import Defaulter, Penalty, UnfulfilledJudgment
from creditbridge.profile.sections.judgments import (
    Performance,
    agree_on_judgment,
    identify_judgment,
    judge_defaulter,
    judge_unfulfilled,
    outlives_removal,
    show_judgment,
)

TODAY = date(2026, 11, 21)
LISTED = date(2026, 6, 1)
JUD = SectionCode.JUD
DefaulterOf = Callable[..., Defaulter]
JudgmentOf = Callable[..., UnfulfilledJudgment]


def yuan(value: int, currency: str = "CNY") -> Amount:
    """An amount in 元."""
    return Amount(value=Decimal(value), currency=currency, source_unit="元")


@pytest.fixture
def defaulter_of(head: RecordBase) -> DefaulterOf:
    """Makes an entry of June that stands, with changes."""

    def make(**changes: object) -> Defaulter:
        fields = {**asdict(head), "record_id": "rec_defaulter"}
        made = Defaulter(
            **fields,
            case_no="(2026)浙0106执1234号",
            court="杭州市西湖区人民法院",
            filed=date(2026, 3, 1),
            included=LISTED,
            basis=None,
            duty="给付货款",
            performance=Performance.NONE_PERFORMED,
            performance_text="全部未履行",
            conduct="违反财产报告制度",
            removed=None,
        )
        return replace(made, **changes)

    return make


@pytest.fixture
def judgment_of(head: RecordBase) -> JudgmentOf:
    """Makes a judgment over 800,000 元 of which 300,000 are owed, with changes."""

    def make(**changes: object) -> UnfulfilledJudgment:
        fields = {**asdict(head), "record_id": "rec_judgment"}
        made = UnfulfilledJudgment(
            **fields,
            case_no="(2026)浙0106执1234号",
            court="杭州市西湖区人民法院",
            cause="买卖合同纠纷",
            amount=yuan(800_000),
            unperformed=yuan(300_000),
            performance=Performance.PARTLY,
            filed=date(2026, 3, 1),
            published=date(2026, 5, 1),
            fulfilled=None,
        )
        return replace(made, **changes)

    return make


def test_the_entry_and_the_judgment_behind_it_are_two(
    defaulter_of: DefaulterOf, judgment_of: JudgmentOf, penalty: Penalty
) -> None:
    """One case number, two sources: never one record, and each has its own flag."""
    entry, judgment = defaulter_of(), judgment_of()

    assert identify_judgment(entry) != identify_judgment(judgment)
    assert judge_defaulter([entry, judgment], TODAY, DEFAULT_POLICY).evidence == (entry,)
    assert judge_unfulfilled([entry, judgment], TODAY, DEFAULT_POLICY).evidence == (judgment,)
    assert judge_defaulter([judgment], TODAY, DEFAULT_POLICY).state is FlagState.CLEAR
    assert judge_unfulfilled([entry], TODAY, DEFAULT_POLICY).state is FlagState.CLEAR
    assert identify_judgment(penalty) is None
    assert show_judgment(penalty, TODAY, DEFAULT_POLICY) is None


def test_case_numbers_are_compared_in_one_width(defaulter_of: DefaulterOf) -> None:
    """Brackets of both widths and blanks name one case."""
    wide = defaulter_of(case_no=" \uff082026\uff09浙0106执 1234号")

    assert identify_judgment(wide) == identify_judgment(defaulter_of())


@pytest.mark.parametrize(
    ("removed", "is_shown"),
    [(None, True), (LISTED, False), (date(2026, 7, 1), False), (date(2026, 5, 31), True)],
    ids=["never", "same-day", "later", "before-it-was-listed-again"],
)
def test_l19_a_removal_wins_unless_the_inclusion_is_newer(
    defaulter_of: DefaulterOf, removed: date | None, *, is_shown: bool
) -> None:
    """Listed and removed on one day: removed."""
    entry = defaulter_of(removed=removed)

    assert (show_judgment(entry, TODAY, DEFAULT_POLICY) is entry) == is_shown


@pytest.mark.parametrize("is_one_feed", [True, False], ids=["one-feed", "two-feeds"])
@pytest.mark.parametrize("is_first", [True, False], ids=["removal-first", "removal-last"])
@pytest.mark.parametrize(
    ("days", "stands"), [(-1, False), (0, False), (1, True)], ids=["older", "same-day", "newer"]
)
def test_l19_an_older_copy_of_a_removed_entry_is_dropped(
    defaulter_of: DefaulterOf,
    present: Callable[..., PresentSection],
    answer_of: Callable[..., SourceAnswer],
    days: int,
    *,
    stands: bool,
    is_first: bool,
    is_one_feed: bool,
) -> None:
    """Whichever feed knows of the removal, in whatever order; who is listed again stays listed."""
    removed = date(2026, 9, 1)
    gone = defaulter_of(record_id="rec_gone", removed=removed, lifecycle=Lifecycle.REMOVED)
    copy = defaulter_of(included=removed + timedelta(days=days))
    rows = (gone, copy) if is_first else (copy, gone)
    answers = (
        [answer_of({JUD: present(*rows)})]
        if is_one_feed
        else [
            answer_of({JUD: present(row, platform=name)}, platform=name)
            for row, name in zip(rows, ("provincial", "national"), strict=True)
        ]
    )

    records = records_of(merge(answers).sections[JUD])

    assert (copy in records) == stands
    assert [row for row in records if row.lifecycle is Lifecycle.ACTIVE] == [copy] * stands


def test_what_was_performed_since_is_not_shown(judgment_of: JudgmentOf) -> None:
    """A judgment with the day on which it was performed is not one that was not."""
    open_one, done = judgment_of(), judgment_of(fulfilled=date(2026, 10, 1))

    assert show_judgment(open_one, TODAY, DEFAULT_POLICY) is open_one
    assert show_judgment(done, TODAY, DEFAULT_POLICY) is None


def test_what_is_owed_is_added_up(judgment_of: JudgmentOf) -> None:
    """Exactly; a judgment that was performed whole is no evidence."""
    one, two = judgment_of(), judgment_of(unperformed=yuan(25))
    done = judgment_of(performance=Performance.FULLY, unperformed=yuan(0))

    finding = judge_unfulfilled([one, two, done], TODAY, DEFAULT_POLICY)

    assert (finding.state, finding.evidence) == (FlagState.RAISED, (one, two))
    assert finding.amount == Decimal(300_025)
    assert judge_unfulfilled([done], TODAY, DEFAULT_POLICY).state is FlagState.CLEAR


@pytest.mark.parametrize("unperformed", [None, yuan(5, "USD")], ids=["untold", "other-currency"])
def test_a_part_of_a_sum_is_no_sum(judgment_of: JudgmentOf, unperformed: Amount | None) -> None:
    """Where one judgment does not say what is owed in CNY, the flag says no amount."""
    finding = judge_unfulfilled(
        [judgment_of(), judgment_of(unperformed=unperformed)], TODAY, DEFAULT_POLICY
    )

    assert (finding.state, finding.amount) == (FlagState.RAISED, None)


def test_copies_of_a_judgment_agree_on_what_is_owed(
    judgment_of: JudgmentOf, defaulter_of: DefaulterOf
) -> None:
    """In value, not in the source's unit; entries of the list have no amounts."""
    one = judgment_of()
    wan = replace(yuan(300_000), source_unit="万元")

    assert agree_on_judgment(one, judgment_of(unperformed=wan))
    assert not agree_on_judgment(one, judgment_of(unperformed=yuan(299_999)))
    assert not agree_on_judgment(one, judgment_of(amount=None))
    assert agree_on_judgment(defaulter_of(), defaulter_of(filed=None))


def test_only_entries_of_the_list_are_listed_anew(
    judgment_of: JudgmentOf, defaulter_of: DefaulterOf
) -> None:
    """A judgment that ended has ended."""
    ended = defaulter_of(removed=date(2026, 7, 1))

    assert outlives_removal(defaulter_of(included=date(2026, 7, 2)), ended)
    assert not outlives_removal(judgment_of(), ended)
    assert not outlives_removal(ended, judgment_of())
