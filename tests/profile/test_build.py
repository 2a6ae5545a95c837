"""The envelope of a profile."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from creditbridge.profile.build import ProfileHeading, build_profile
from creditbridge.profile.codes import ErrorClass, SectionCode
from creditbridge.profile.merge import merge
from creditbridge.profile.model import (
    DISCLAIMER,
    DisclaimerMissing,
    Extent,
    NoneSection,
    SourceAnswer,
    UnknownSection,
)
from creditbridge.profile.suppression import suppress
from creditbridge.profile.tables import CODE_TABLES_VERSION


def test_a_profile_is_as_old_as_its_oldest_section(
    answer_of: Callable[..., SourceAnswer],
    none: NoneSection,
    extent: Extent,
    heading: ProfileHeading,
    now: datetime,
) -> None:
    """UNKNOWN sections have no age."""
    older = replace(none, as_of=none.as_of - timedelta(hours=1))
    sections = {
        SectionCode.REG: none,
        SectionCode.PEN: older,
        SectionCode.LST: UnknownSection(error_class=ErrorClass.SOURCE_DOWN),
    }
    served = suppress(merge([answer_of(sections)]), extent=extent, now=now)

    profile = build_profile(served, (), heading=heading)

    assert profile.as_of == older.as_of
    assert profile.sources == served.sources
    assert [each.code for each in profile.omitted_sections] == [SectionCode.EVA]


def test_a_profile_without_any_age_says_so(
    extent: Extent, heading: ProfileHeading, now: datetime
) -> None:
    """Nothing supplied: `as_of` is null, and every section is omitted."""
    served = suppress(merge([]), extent=extent, now=now)

    profile = build_profile(served, (), heading=heading)

    assert profile.as_of is None
    assert len(profile.omitted_sections) == 4


def test_l06_a_profile_carries_its_disclaimer_and_versions(
    extent: Extent, heading: ProfileHeading, now: datetime
) -> None:
    """Without the disclaimer it cannot be built."""
    profile = build_profile(suppress(merge([]), extent=extent, now=now), (), heading=heading)

    assert profile.disclaimer == DISCLAIMER
    assert profile.schema_version == "1.0"
    assert profile.code_tables_version == CODE_TABLES_VERSION
    with pytest.raises(DisclaimerMissing):
        replace(profile, disclaimer=" ")
