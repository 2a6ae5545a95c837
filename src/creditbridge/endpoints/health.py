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


@get("/health/endings")
async def list_endings(house: AtHouse) -> Response[bytes]:
    """Show what ends some day: certificates, revocation lists, keys; the earliest first."""
    now = house.clock.now()
    endings = await house.endings.list_endings()
    body = {
        "endings": [
            {
                "kind": ending.kind,
                "name": ending.name,
                "ends_at": ending.ends_at,
                "is_near": ending.is_near(now),
            }
            for ending in endings
        ]
    }
    return Response(
        msgspec.json.encode(body),
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )


router = Router("/", route_handlers=[live, ready, list_endings])
