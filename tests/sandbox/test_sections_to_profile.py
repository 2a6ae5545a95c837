"""What the sandbox sends, read, served and flagged by the gateway's own pure rules, whole."""

from datetime import UTC, datetime

import msgspec
import pytest

from creditbridge.platforms.provincial.mapping import SECTIONS, Mapped, MappingContext, map_sections
from creditbridge.profile.classes import OPEN_CLASSES
from creditbridge.profile.codes import Assurance, DataClass, FlagState, SectionCode
from creditbridge.profile.flags import Naming, flag
from creditbridge.profile.merge import merge
from creditbridge.profile.model import (
    Extent,
    Flag,
    NoneSection,
    Served,
    Source,
    SourceAnswer,
    records_of,
)
from creditbridge.profile.sections import Licence, TaxPayment
from creditbridge.profile.suppression import suppress
from creditbridge.protocols.uscc import EntityCategory
from creditsandbox.dialects.provincial.sections import Section, find_file
from creditsandbox.province.fixed import list_fixed
from creditsandbox.province.population import Province

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
CONTEXT = MappingContext(platform="provincial", record_key=bytes(32))
PROVINCE = Province(size=150)
ASKED = SECTIONS - {SectionCode.PSN}


def read(uscc: str) -> Mapped:
    """The sections of an enterprise of the sandbox, in the gateway's words."""
    file = find_file(PROVINCE, uscc, NOW)
    assert file is not None
    raw: dict[str, msgspec.Raw] = {code: file.section(Section(code)) for code in ASKED}
    return map_sections(raw, ASKED, CONTEXT)


def serve(login_name: str, classes: frozenset[DataClass] = OPEN_CLASSES) -> Served:
    """What a bank may see of a fixed enterprise."""
    uscc = next(fixed.uscc for fixed in list_fixed() if fixed.login_name == login_name)
    mapped = read(uscc)
    assert mapped.drifted == ()
    source = Source(
        platform="provincial",
        query_id="qry_1",
        answered_at=NOW,
        assurance=Assurance.HIGH,
        answer_digest="1" * 64,
    )
    answer = SourceAnswer(source=source, sections=mapped.sections, notes=mapped.notes)
    extent = Extent(asked=ASKED, covered=ASKED, category=EntityCategory.ENTERPRISE, classes=classes)
    return suppress(merge([answer]), extent=extent, now=NOW)


def raised(served: Served) -> dict[str, Flag]:
    """The raised flags, by their codes."""
    flags = flag(served, naming=Naming(consented="甲", answered="甲"), now=NOW)
    return {each.code: each for each in flags if each.state is FlagState.RAISED}


def test_no_enterprise_of_the_province_drifts() -> None:
    """Every section of everybody has the agreed shape, and every code in it has its row."""
    mapped = [read(uscc) for uscc in PROVINCE.list_codes() if find_file(PROVINCE, uscc, NOW)]

    assert len(mapped) > 100
    assert {code for each in mapped for code in each.drifted} == set()
    assert {each.code.value for one in mapped for each in one.notes if each.section != "REG"} <= {
        "OPEN_ENDED"
    }


def test_who_is_on_the_list_raises_every_flag_of_it() -> None:
    """The list, the judgments with their amount and ratio, the register, the licence, the grade."""
    flags = raised(serve("listed"))

    assert flags.keys() >= {
        *("SERIOUS_LIST", "JUDGMENT_DEFAULTER", "UNFULFILLED_JUDGMENT"),
        *("ABNORMAL_ACTIVE", "LICENCE_EXPIRED", "TAX_D"),
    }
    owed = flags["UNFULFILLED_JUDGMENT"]
    assert owed.amount == 1_200_000
    assert owed.ratio_to_capital is not None
    assert owed.computed_from == (SectionCode.JUD, SectionCode.REG)
    assert flags["LICENCE_EXPIRED"].types == ("EXPIRED",)


def test_who_owes_taxes_raises_the_flags_of_that() -> None:
    """The grade, what is owed, that nobody is to be reached, and whom it let go."""
    assert raised(serve("in-arrears")).keys() >= {
        *("TAX_C", "TAX_ARREARS", "TAX_NON_NORMAL", "HEADCOUNT_DROP_30PCT"),
    }
    assert not raised(serve("clean")).keys() & {"TAX_C", "TAX_ARREARS", "HEADCOUNT_DROP_30PCT"}


def test_what_ended_is_not_served() -> None:
    """A removed entry and a judgment since performed leave NONE; a licence says that it expires."""
    served = serve("found")

    assert isinstance(served.sections[SectionCode.ABN], NoneSection)
    assert isinstance(served.sections[SectionCode.JUD], NoneSection)
    licences = records_of(served.sections[SectionCode.LIC])
    assert {each.status for each in licences if isinstance(each, Licence)} == {"VALID", "EXPIRING"}
    assert not raised(served).keys() & {"ABNORMAL_ACTIVE", "LICENCE_EXPIRED", "TAX_D", "TAX_C"}


@pytest.mark.parametrize("has_commercial", [True, False], ids=["commercial", "not"])
def test_amounts_and_heads_need_their_class(*, has_commercial: bool) -> None:
    """Without it no payment and no month is there, nor a note on one."""
    classes = OPEN_CLASSES if has_commercial else OPEN_CLASSES - {DataClass.COMMERCIAL}

    served = serve("found", classes)

    taxes, months = (
        records_of(served.sections[code]) for code in (SectionCode.TAX, SectionCode.SOC)
    )
    assert any(isinstance(each, TaxPayment) for each in taxes) is has_commercial
    assert bool(months) is has_commercial
    assert len(taxes) > 0
