"""By which entries those might act who did what an entry says."""

from types import SimpleNamespace

import pytest

from creditbridge.ledger import rules
from creditbridge.ledger.model import Opening
from creditbridge.ledger.terms.base import Terms
from creditbridge.ledger.terms.people import (
    EnterpriseChanged,
    PersonEnrolled,
    RepresentativeEnded,
)

ENROLLED = PersonEnrolled(role="AGENT", issuer="i", proof_digest="d", appointed_by="evt_2")
CHANGED = EnterpriseChanged(what="APPROVALS", agreed=frozenset({"evt_1"}))
ENDED = RepresentativeEnded(role="AGENT", reason="ROLE")


@pytest.mark.parametrize(
    ("terms", "entries"),
    [
        (ENROLLED, {"evt_2"}),
        (CHANGED, {"evt_1"}),
        (EnterpriseChanged(what="APPROVALS"), set[str]()),
        (ENDED, set[str]()),
    ],
)
def test_authorities_are_the_entries_that_the_terms_name(
    monkeypatch: pytest.MonkeyPatch, terms: Terms, entries: set[str]
) -> None:
    """Who appointed and who agreed; other terms name nobody."""
    opened = SimpleNamespace(terms=terms), b""
    monkeypatch.setattr(rules, "open_entry", lambda _: opened)

    named = rules.authorities_of(Opening(index=0, salt="", core="", digest_salts={}))

    assert named == entries
