"""What the people's door serves beside the portal: files that pages link to."""

from litestar import Response, Router, get
from litestar.params import FromPath

from creditbridge.endpoints.ledger import NotPublished
from creditbridge.endpoints.pages import STATIC_HEADERS, STATIC_PATH, read_static


@get(STATIC_PATH + "{name:str}")
async def read_file(name: FromPath[str]) -> Response[bytes]:
    """Return a file that pages link to."""
    # By name out of a closed set: no path is ever joined with what a browser sent.
    file = read_static().get(name)
    if file is None:
        raise NotPublished
    return Response(file.body, headers=dict(STATIC_HEADERS), media_type=file.media_type)


router = Router("/", route_handlers=[read_file])
