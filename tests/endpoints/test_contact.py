"""The contact page: for everybody, in the operator's own words."""

import pytest
from tests.endpoints.stage import Stage


@pytest.mark.parametrize("signs_in", [False, True])
async def test_anybody_finds_whom_to_turn_to(stage: Stage, *, signs_in: bool) -> None:
    """Signed in or not; without settings the page says so."""
    session = await stage.sign_in() if signs_in else None

    page = await stage.visit(session, "/portal/contact?language=en")

    assert page.status == 200
    assert b"has not said yet" in page.body
