"""LIC: how a licence stands on a day, and when one that ended raises its flag."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import asdict, replace

from creditbridge.profile.codes import DataClass, FlagState
from creditbridge.profile.policy import DEFAULT_POLICY, Policy
from creditbridge.profile.record import RecordBase
from creditbridge.profile.sections import Licence, Penalty
from creditbridge.profile.sections.licences import (
    LICENCES,
    LicenceCategory,
    LicenceStatus,
    identify_licence,
    judge_expired,
    show_licence,
    status_of,
)

TODAY = date(2026, 11, 21)
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
LicenceOf = Callable[..., Licence]


@pytest.fixture
def licence_of(head: RecordBase) -> LicenceOf:
    """Makes a licence that ends in a year, with changes."""

    def make(**changes: object) -> Licence:
        fields = {
            **asdict(head),
            "record_id": "rec_licence",
            "valid_until": TODAY + timedelta(days=365),
        }
        made = Licence(
            **fields,
            document_no="杭环许[2024]8号",
            document_name="排污许可证",
            certificate_no="3301YY008",
            category=LicenceCategory.ORDINARY,
            category_text="普通",
            content="排放水污染物",
            decided=date(2024, 3, 1),
            is_open_ended=False,
            revoked=None,
            authority="杭州市生态环境局",
            authority_uscc=None,
        )
        return replace(made, **changes)

    return make


def shown(licence: Licence, policy: Policy = DEFAULT_POLICY) -> Licence:
    """The licence as a bank sees it today."""
    record = show_licence(licence, TODAY, policy)
    assert isinstance(record, Licence)
    return record


@pytest.mark.parametrize(
    ("days", "status"),
    [
        (-1, LicenceStatus.EXPIRED),
        (0, LicenceStatus.EXPIRING),
        (1, LicenceStatus.EXPIRING),
        (59, LicenceStatus.EXPIRING),
        (60, LicenceStatus.EXPIRING),
        (61, LicenceStatus.VALID),
    ],
)
def test_a_licence_expires_after_its_last_day_and_sixty_days_before_it_says_so(
    licence_of: LicenceOf, days: int, status: LicenceStatus
) -> None:
    """The last day belongs to it; what a bank sees was derived on the day of delivery."""
    licence = licence_of(valid_until=TODAY + timedelta(days=days))

    assert shown(licence).status is status


def test_the_place_may_set_another_period(licence_of: LicenceOf) -> None:
    """Thirty days in place of sixty."""
    licence = licence_of(valid_until=TODAY + timedelta(days=31))

    assert shown(licence, Policy(expiring_days=30)).status is LicenceStatus.VALID


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"valid_until": None, "is_open_ended": True}, LicenceStatus.VALID),
        ({"valid_until": None}, LicenceStatus.UNKNOWN),
        ({"revoked": TODAY}, LicenceStatus.REVOKED),
        ({"revoked": TODAY + timedelta(days=1)}, LicenceStatus.VALID),
        ({"revoked": TODAY, "valid_until": date(2020, 1, 1)}, LicenceStatus.REVOKED),
    ],
    ids=["no-end", "end-unread", "revoked", "revoked-tomorrow", "revoked-then-over"],
)
def test_no_end_is_not_an_end_that_nobody_can_read(
    licence_of: LicenceOf, changes: dict[str, object], status: LicenceStatus
) -> None:
    """Only the source's own word makes a licence open-ended; a revocation ends it at once."""
    assert shown(licence_of(**changes)).status is status


@SHARED
@given(days=st.integers(-4000, 4000), later=st.integers(0, 4000), warned=st.integers(0, 365))
def test_a_licence_only_ever_moves_towards_its_end(
    licence_of: LicenceOf, days: int, later: int, warned: int
) -> None:
    """VALID, then EXPIRING, then EXPIRED, whatever the period: never back."""
    order = [LicenceStatus.VALID, LicenceStatus.EXPIRING, LicenceStatus.EXPIRED]
    licence = licence_of(valid_until=TODAY + timedelta(days=days))
    policy = Policy(expiring_days=warned)

    first, second = (
        status_of(licence, day, policy) for day in (TODAY, TODAY + timedelta(days=later))
    )

    assert order.index(first) <= order.index(second)
    assert (first is LicenceStatus.EXPIRED) == (days < 0)


def test_an_expired_licence_raises_its_flag(licence_of: LicenceOf) -> None:
    """With how it ended; one that expires soon raises nothing."""
    ended = shown(licence_of(valid_until=date(2026, 1, 1)))
    revoked = shown(licence_of(revoked=date(2026, 1, 1), document_name="道路运输经营许可证"))
    expiring = shown(licence_of(valid_until=TODAY, document_name="食品经营许可证"))

    finding = judge_expired([ended, revoked, expiring], TODAY, DEFAULT_POLICY)

    assert (finding.state, finding.evidence) == (FlagState.RAISED, (ended, revoked))
    assert finding.types == ("EXPIRED", "REVOKED")
    assert judge_expired([expiring], TODAY, DEFAULT_POLICY).state is FlagState.CLEAR
    assert judge_expired([], TODAY, DEFAULT_POLICY).state is FlagState.CLEAR


def test_a_renewal_answers_for_what_it_renewed(licence_of: LicenceOf) -> None:
    """The old grant ended, a later one of the same name holds; another name's does not help."""
    old, new = shown(licence_of(valid_until=date(2026, 1, 1))), shown(licence_of())
    other = shown(licence_of(document_name="食品经营许可证"))

    assert judge_expired([old, new], TODAY, DEFAULT_POLICY).state is FlagState.CLEAR
    assert judge_expired([old, other], TODAY, DEFAULT_POLICY).state is FlagState.RAISED


def test_nameless_licences_renew_nothing(licence_of: LicenceOf) -> None:
    """Two without a name may be two kinds."""
    old = shown(licence_of(valid_until=date(2026, 1, 1), document_name=None))
    new = shown(licence_of(document_name=None))

    assert judge_expired([old, new], TODAY, DEFAULT_POLICY).state is FlagState.RAISED


def test_an_end_that_nobody_can_read_is_not_clear(licence_of: LicenceOf) -> None:
    """Unless another grant of the same name surely holds."""
    unread = shown(licence_of(valid_until=None))

    assert judge_expired([unread], TODAY, DEFAULT_POLICY).state is FlagState.INDETERMINATE
    both = judge_expired([unread, shown(licence_of())], TODAY, DEFAULT_POLICY)
    assert both.state is FlagState.CLEAR


def test_a_licence_is_named_by_authority_and_number(
    licence_of: LicenceOf, penalty: Penalty
) -> None:
    """Without a number it stands for itself; other records are no licences."""
    licence = licence_of()

    assert identify_licence(licence) == ("杭州市生态环境局", "杭环许[2024]8号")
    assert identify_licence(replace(licence, authority_uscc="11330100YY0000A13H")) == (
        "11330100YY0000A13H",
        "杭环许[2024]8号",
    )
    assert identify_licence(replace(licence, document_no=None)) is None
    assert identify_licence(penalty) is None
    assert show_licence(penalty, TODAY, DEFAULT_POLICY) is None


def test_a_persons_licence_is_masked_whole(licence_of: LicenceOf) -> None:
    """The enterprise's word opens nothing of a person (ZJ 19)."""
    personal: RecordBase = licence_of(data_class=DataClass.PERSONAL)

    assert LICENCES.mask(personal, ()) is None
