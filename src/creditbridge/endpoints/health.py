"""Health, on the operations door: alive is not ready."""

import msgspec
from litestar import Response, Router, get

from creditbridge.endpoints.house import AtHouse


@get("/livez")
async def live() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "alive"}


@get("/readyz")
async def ready(house: AtHouse) -> Response[bytes]:
    """Say whether work may come: database writable, sequencer in time, not draining."""
    # With reasons, as an operator at night needs the next step; the door is this machine's alone.
    reasons = await house.readiness()
    body = {"status": "ready" if not reasons else "not ready", "reasons": reasons}
    return Response(
        msgspec.json.encode(body),
        status_code=503 if reasons else 200,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )


router = Router("/", route_handlers=[live, ready])
