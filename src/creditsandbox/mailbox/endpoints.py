"""The page: what came, for people to read and for programs to fetch."""

from html import escape

import msgspec
from litestar import Litestar, Response, get

from creditsandbox.mailbox.letters import Letter, Letters

HEADERS = {"content-security-policy": "default-src 'none'", "cache-control": "no-store"}
PAGE = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>沙盒邮箱</title>
<h1>沙盒邮箱 · Sandbox mailbox</h1>
{letters}
</html>
"""
LETTER = """<article><h2>{subject}</h2>
<p>{sender} → {to}, {date}</p>
<pre>{text}</pre></article>"""


def build_app(letters: Letters) -> Litestar:
    """Return the mailbox's page and its JSON, on loopback alone."""

    @get("/", media_type="text/html")
    async def read_page() -> Response[str]:
        """Show every mail, newest first."""
        shown = "\n".join(_draw(one) for one in letters.list_latest())
        return Response(
            PAGE.format(letters=shown or "<p>还没有邮件。</p>"),
            headers=HEADERS,
            media_type="text/html; charset=utf-8",
        )

    @get("/mails")
    async def list_mails(to: str | None = None) -> Response[bytes]:
        """List every mail, or those to one address, newest first."""
        found = list(letters.list_latest(to))
        return Response(
            msgspec.json.encode({"mails": found}),
            headers=HEADERS,
            media_type="application/json",
        )

    return Litestar([read_page, list_mails], openapi_config=None, logging_config=None)


def _draw(letter: Letter) -> str:
    fields = msgspec.structs.asdict(letter)
    return LETTER.format_map({name: escape(str(value)) for name, value in fields.items()})
