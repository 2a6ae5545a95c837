"""Tests of what a database must be before it is trusted."""

import pytest

from creditbridge.foundation.schema import (
    DatabaseUnsafe,
    Migration,
    SchemaUnknown,
    read_migrations,
    require_known,
    require_promises,
)

SAFE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_encoding": "UTF8",
}
ONE, TWO = Migration(name="0001", body="a"), Migration(name="0002", body="b")


@pytest.mark.parametrize("synchronous", ["on", "remote_apply"])
def test_settings_that_keep_commits_pass(synchronous: str) -> None:
    """Acknowledged is durable."""
    require_promises({**SAFE, "synchronous_commit": synchronous})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("synchronous_commit", "off"),
        ("synchronous_commit", "local"),
        ("synchronous_commit", "remote_write"),
        ("server_encoding", "SQL_ASCII"),
    ],
)
def test_settings_that_lose_commits_are_refused(name: str, value: str) -> None:
    """Each one is named; one that is not told counts as wrong."""
    with pytest.raises(DatabaseUnsafe) as caught:
        require_promises({**SAFE, name: value})
    assert caught.value.detail == f"{name}={value}"

    with pytest.raises(DatabaseUnsafe):
        require_promises({})


def test_what_is_not_applied_is_left_to_apply_in_order() -> None:
    """Forward only."""
    assert require_known({}, [ONE, TWO]) == [ONE, TWO]
    assert require_known({"0001": "a"}, [ONE, TWO]) == [TWO]
    assert require_known({"0001": "a", "0002": "b"}, [ONE, TWO]) == []


@pytest.mark.parametrize("applied", [{"0003": "c"}, {"0001": "changed"}])
def test_what_is_unknown_or_changed_is_refused(applied: dict[str, str]) -> None:
    """A migration is never edited once it was applied."""
    with pytest.raises(SchemaUnknown):
        require_known(applied, [ONE, TWO])


def test_our_migrations_begin_with_the_house_and_are_in_order() -> None:
    """Names are numbers first."""
    names = [migration.name for migration in read_migrations()]

    assert names[0] == "0001_house.sql"
    assert names == sorted(names)
