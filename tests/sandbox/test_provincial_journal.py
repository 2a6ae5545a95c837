"""The journal: a query id is counted once, a nonce taken once."""

from datetime import UTC, datetime, timedelta

import pytest

from creditsandbox.dialects.provincial.journal import Counted, Journal, JournalFull
from creditsandbox.dialects.provincial.messages import GrantRefused


def test_a_full_journal_says_so_and_still_answers_the_old() -> None:
    """No room for a new id; a counted one is found, another question under it is refused."""
    journal = Journal(counted_max=1)
    now = datetime(2026, 11, 21, tzinfo=UTC)
    entry = Counted(uscc="A", fingerprint=b"1" * 32, counted_at=now)
    other = Counted(uscc="A", fingerprint=b"2" * 32, counted_at=now + timedelta(seconds=1))

    assert journal.count("qry_1", entry) is entry
    assert journal.count("qry_1", entry) is entry
    with pytest.raises(GrantRefused):
        journal.count("qry_1", other)
    with pytest.raises(JournalFull):
        journal.count("qry_2", entry)
    assert journal.summarise() == {"counted": 1, "by_uscc": {"A": 1}}


def test_a_nonce_is_free_again_after_two_minutes() -> None:
    """Taken once within 120 s; afterwards nobody can bring an old signature any more."""
    journal, now = Journal(), datetime(2026, 11, 21, tzinfo=UTC)

    assert journal.is_new_nonce("n", now=now)
    assert not journal.is_new_nonce("n", now=now + timedelta(seconds=119))
    assert journal.is_new_nonce("n", now=now + timedelta(seconds=120))
