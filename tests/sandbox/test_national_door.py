"""The sandbox's national platform behind its door: paths, counts, and whom it does not know."""

import pytest
from litestar.testing import AsyncTestClient
from tests.platforms.national.conftest import make_platform

from creditbridge.foundation.clock import SystemClock
from creditsandbox.dialects.national.endpoints import build_app
from creditsandbox.dialects.national.platform import Manner
from creditsandbox.province.population import Province


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/queries"),
        ("GET", "/api/v1/queries/qry_1"),
        ("GET", "/api/v1/queries/qry_1/pages?page=1"),
        ("GET", "/api/v1/queries/qry_1/state"),
        ("POST", "/api/v1/disputes"),
        ("GET", "/api/v1/disputes/dsp_1"),
    ],
)
async def test_every_path_asks_who_signs(method: str, path: str) -> None:
    """A stranger gets 401, unsigned, and nothing is counted."""
    platform = make_platform(Manner(), Province(size=20))
    async with AsyncTestClient(build_app(platform, clock=SystemClock())) as client:
        refused = await client.request(method, path)
        counts = await client.get("/api/v1/statistics")

    assert (refused.status_code, refused.json()) == (401, {"code": "SIGNATURE_REFUSED"})
    assert counts.json() == {"counted": 0, "by_uscc": {}}
