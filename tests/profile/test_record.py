"""What every record has in common."""

import pytest
from msgspec.structs import replace

from creditbridge.profile.codes import Confidence, Finality, Lifecycle, MatchBy
from creditbridge.profile.record import is_counted, match_by, name_record
from creditbridge.profile.sections import Penalty

KEY = b"k" * 32


def test_a_record_keeps_its_id() -> None:
    """The id is HMAC-SHA-256 of platform, zero byte and source id, in base64url."""
    name = name_record(KEY, platform="provincial", source_record_id="PEN/7788")

    assert name == "rec_34bRswbSONMnYrrpcq9UuPO1Bmr1l0NagXGrg8KFZsg"


@pytest.mark.parametrize(
    ("key", "platform", "number"),
    [
        (b"x" * 32, "provincial", "PEN/7788"),
        (KEY, "national", "PEN/7788"),
        (KEY, "provincial", "PEN/7789"),
        (KEY, "provincialP", "EN/7788"),
    ],
)
def test_another_key_platform_or_number_is_another_record(
    key: bytes, platform: str, number: str
) -> None:
    """Nothing can be moved from the platform's name to the number."""
    ours = name_record(KEY, platform="provincial", source_record_id="PEN/7788")

    assert name_record(key, platform=platform, source_record_id=number) != ours


@pytest.mark.parametrize(
    ("by", "confidence"),
    [
        (MatchBy.USCC, Confidence.EXACT),
        (MatchBy.ORG_CODE, Confidence.HIGH),
        (MatchBy.REG_NO, Confidence.MEDIUM),
        (MatchBy.TAX_NO, Confidence.MEDIUM),
        (MatchBy.NAME, Confidence.LOW),
    ],
)
def test_confidence_follows_from_the_kind_of_match(by: MatchBy, confidence: Confidence) -> None:
    """A match by name alone is LOW."""
    assert match_by(by).confidence is confidence


@pytest.mark.parametrize("lifecycle", [each for each in Lifecycle if each != Lifecycle.ACTIVE])
def test_only_what_is_in_force_counts(penalty: Penalty, lifecycle: Lifecycle) -> None:
    """Removed, expired, repaired, withdrawn: no flag."""
    assert is_counted(penalty)
    assert not is_counted(replace(penalty, lifecycle=lifecycle))


@pytest.mark.parametrize("finality", [each for each in Finality if each != Finality.FINAL])
def test_only_what_is_final_counts(penalty: Penalty, finality: Finality) -> None:
    """UNKNOWN is read as an open appeal."""
    assert not is_counted(replace(penalty, finality=finality))


def test_a_match_by_name_does_not_count(penalty: Penalty) -> None:
    """A namesake's penalty raises no flag."""
    assert not is_counted(replace(penalty, match=match_by(MatchBy.NAME)))
