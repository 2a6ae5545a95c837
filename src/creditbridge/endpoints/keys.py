"""The house's public keys: shown to everybody, and to operators with their times."""

import msgspec
from litestar import Response, get

from creditbridge.endpoints.house import AtHouse
from creditbridge.ledger.announced import HouseKey
from creditbridge.ledger.house_keys import list_house_keys


@get("/keys")
async def list_keys(house: AtHouse) -> Response[bytes]:
    """Show every key the house has or had, of each purpose the earliest first."""
    async with house.database.transaction() as tx:
        keys = await list_house_keys(tx)
        now = tx.now
    return Response(
        msgspec.json.encode({"now": now, "keys": [_show(key) for key in keys]}),
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )


def _show(key: HouseKey) -> dict[str, object]:
    members = msgspec.json.decode(key.jwk, type=dict[str, str])
    return {
        "purpose": key.purpose,
        "kid": key.key_id,
        "alg": members["alg"],
        "use_from": key.use_from,
        "retired_at": key.retired_at,
    }
