"""The public log: checkpoint, tiles, entry bundles (C2SP tlog-tiles). Commitments, nothing else."""

from litestar import Response, Router, get
from litestar.params import FromPath

from creditbridge.endpoints.house import AtHouse
from creditbridge.foundation.errors import Refused
from creditbridge.ledger.service import find_checkpoint, find_tile
from creditbridge.protocols.tiles import TileUnknown, parse_path

CHECKPOINT_TYPE = "text/plain"  # litestar adds the charset to a text type
TILE_TYPE = "application/octet-stream"


class NotPublished(Refused):
    """No such tile, or not one that a published checkpoint needs."""

    code = "not-found"
    message = "There is nothing at this address for this caller."


@get("/checkpoint")
async def read_checkpoint(house: AtHouse) -> Response[bytes]:
    """Return the latest signed checkpoint."""
    async with house.database.transaction() as tx:
        note = await find_checkpoint(tx)
    if note is None:
        raise NotPublished
    return Response(
        note.encode(), media_type=CHECKPOINT_TYPE, headers={"cache-control": "max-age=1"}
    )


@get("/tile/{address:path}")
async def read_tile(address: FromPath[str], house: AtHouse) -> Response[bytes]:
    """Return a tile or an entry bundle, which never changes once it is there."""
    try:
        parsed = parse_path(f"tile{address}")
    # A path that is not canonical is no tile: 404, as for one that is not published yet.
    except TileUnknown as error:
        raise NotPublished from error
    async with house.database.transaction() as tx:
        tile = await find_tile(tx, parsed)
    if tile is None:
        raise NotPublished
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(tile, media_type=TILE_TYPE, headers=headers)


router = Router("/", route_handlers=[read_checkpoint, read_tile])
