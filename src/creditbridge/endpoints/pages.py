"""The portal's pages, from template to bytes. Autoescape is on everywhere.

Only the pages on which a passkey signs run a script: a file of this site, never a line in a page.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import PurePath

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from creditbridge.endpoints.wording import Language, read_wording, show_invisible

# Everything from this site alone, nothing to run, nowhere to be framed (PROTOCOLS Z8).
PAGE_HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "content-type": "text/html; charset=utf-8",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
STATIC_HEADERS: Mapping[str, str] = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
}
STATIC_PATH = "/static/"
STATIC_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
LANGUAGE_COOKIE = "__Host-creditbridge-language"


class StaticFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that pages link to; its address changes with its bytes."""

    body: bytes
    media_type: str
    url: str


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What a page may do: `leads_to` is where its form may end, beside this site.

    With `runs_script` it may run this site's own files, and nothing that stands in the page.
    """

    leads_to: str = ""
    runs_script: bool = False


NOTHING = Allowance()


def page_headers(allowance: Allowance = NOTHING) -> Mapping[str, str]:
    """Return the headers of a page.

    Chromium asks the page's policy about every redirect after a form, too.
    """
    policy = PAGE_HEADERS["content-security-policy"]
    wider = policy.replace("form-action 'self'", f"form-action 'self' {allowance.leads_to}".strip())
    if allowance.runs_script:
        wider = f"{wider}; script-src 'self'"
    return {**PAGE_HEADERS, "content-security-policy": wider}


def render(template: str, language: Language, **context: object) -> bytes:
    """Return a page in UTF-8.

    `context` holds `frame` and, where the template needs one, `view` (both of `endpoints.views`).
    """
    wording = read_wording(language)
    page = _environment().get_template(f"{template}.html")
    text = page.render(
        context,
        language=str(language),
        languages=[str(known) for known in Language],
        static={name: file.url for name, file in read_static().items()},
        t=wording.say,
        when=wording.when,
        day=wording.day,
        month=wording.month,
        explain=wording.explain,
        reason=wording.reason,
    )
    return text.encode("utf-8")


@cache
def read_static() -> Mapping[str, StaticFile]:
    """Return the files that pages link to, by name. There is no other path to a file."""
    files = dict[str, StaticFile]()
    for file in (resources.files("creditbridge") / "web" / "static").iterdir():
        body = file.read_bytes()
        # In the address, so that a browser may keep a file for ever and still get the next one.
        digest = hashlib.sha256(body).hexdigest()[:12]
        files[file.name] = StaticFile(
            body=body,
            media_type=STATIC_TYPES[PurePath(file.name).suffix],
            url=f"{STATIC_PATH}{file.name}?v={digest}",
        )
    return files


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("creditbridge", "web/templates"),
        autoescape=True,
        # A missing value must break the page: on a consent form, a blank would be read as
        # "nothing".
        undefined=StrictUndefined,
        # Names come from others: characters that turn text around must not turn a sentence around.
        finalize=show_invisible,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
