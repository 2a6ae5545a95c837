"""An entry on a list of the national platform, and the days that say whether it stands."""

import pytest

from creditbridge.platforms.national.head import RecordContext
from creditbridge.platforms.national.records import map_listing
from creditbridge.platforms.national.schema import TheirListing
from creditbridge.platforms.rules import FieldReader
from creditbridge.profile.codes import Lifecycle, SectionCode

CONTEXT = RecordContext(record_id="rec_1", raw_digest="0" * 64)


def listing_of(*, lrrq: str | None, ycrq: str | None) -> TheirListing:
    """An entry in force with these days: of its inclusion, and of its removal."""
    return TheirListing(
        jlbh="LST-1",
        mlbm="LST-001",
        mlbb="2026",
        xxlb="2",
        xdrlb="02",
        gksx="0",
        sjly="示例省税务局",
        sjlydm=None,
        sjlyjb="2",
        sjlyxt="名单系统",
        jlrq=lrrq,
        fbrq=None,
        yxqq=None,
        yxqz=None,
        gsjzq=None,
        bcjzq="20240101",
        jssj=None,
        gxsj=None,
        yzcd=None,
        xlzt=None,
        zt="1",
        yy=None,
        ztsm=None,
        zdly=(),
        ppfs="USCC",
        mdmc="重大税收违法失信主体",
        mdbb=None,
        jdwh=None,
        lrrq=lrrq,
        lryy=None,
        lryj=None,
        rdjg="示例省税务局",
        rdjgdm=None,
        qxjz=None,
        ycrq=ycrq,
        ycyy=None,
        cs=(),
    )


@pytest.mark.parametrize(
    ("included", "removed", "lifecycle"),
    [
        ("20260301", None, Lifecycle.ACTIVE),
        ("20260301", "20260401", Lifecycle.REMOVED),
        ("20260401", "20260401", Lifecycle.REMOVED),
        ("20260402", "20260401", Lifecycle.ACTIVE),
        (None, "20260401", Lifecycle.REMOVED),
    ],
)
def test_l19_who_is_listed_again_stands(
    included: str | None, removed: str | None, lifecycle: Lifecycle
) -> None:
    """A removal ends what is not newer (SPC 6, 7); nothing else ends what stands (ZJ 16)."""
    reader = FieldReader(SectionCode.LST, "rec_1")

    ours = map_listing(listing_of(lrrq=included, ycrq=removed), CONTEXT, reader)

    assert ours.lifecycle is lifecycle
    assert (ours.retention_end is None) == (lifecycle is Lifecycle.ACTIVE)
