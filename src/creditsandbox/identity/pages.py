"""The provider's pages: rendered here, without script, in Chinese and English."""

from importlib.resources import files
from urllib.parse import urlencode, urlsplit

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from creditsandbox.identity.people import list_people
from creditsandbox.identity.requests import AuthorizationRequest

_PACKAGE = files("creditsandbox.identity")
_TEXTS = msgspec.json.decode((_PACKAGE / "texts.json").read_bytes(), type=dict[str, dict[str, str]])
_TEMPLATES = Environment(
    loader=PackageLoader("creditsandbox.identity"),
    autoescape=True,
    # A text that is missing in one language is an error here, not a blank there.
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
STYLE = (_PACKAGE / "style.css").read_bytes()
LANGUAGES_MAX = 10  # A header may list thousands.


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page, and to which origins beyond its own its form may lead."""

    status: int
    html: str
    leads_to: str = ""


def choose_language(*, ui_locales: str, accept_language: str) -> str:
    """Return `zh` or `en`: as the client asks, else as the browser does, else Chinese."""
    wishes = ui_locales.split() + accept_language.split(",")
    for wish in wishes[:LANGUAGES_MAX]:
        language = wish.strip().partition(";")[0].partition("-")[0].lower()
        if language in _TEXTS:
            return language
    return "zh"


def render_sign_in(
    request: AuthorizationRequest, *, accept_language: str, failed: bool = False
) -> Page:
    """Return the log-in page for a request that was checked."""
    text = _TEXTS[choose_language(ui_locales=request.ui_locales, accept_language=accept_language)]
    parameters = request.to_parameters()
    other = urlencode(parameters | {"ui_locales": text["other_locale"]})
    html = _TEMPLATES.get_template("sign_in.html").render(
        text=text,
        parameters=parameters,
        failed=failed,
        people=list_people(),
        other_address=f"/authorize?{other}",
    )
    client = urlsplit(request.redirect_uri)
    # A browser asks the page's policy about the redirect after the form, too.
    leads_to = f"{client.scheme}://{client.netloc}"
    # 401 although a person reads it: a program that signs in wants to know.
    return Page(status=401 if failed else 200, html=html, leads_to=leads_to)


def render_error(reason: str, *, accept_language: str) -> Page:
    """Return the page of a request that leads nowhere; `reason` is a key of the texts."""
    text = _TEXTS[choose_language(ui_locales="", accept_language=accept_language)]
    html = _TEMPLATES.get_template("error.html").render(text=text, reason=reason)
    return Page(status=400, html=html)


def headers_of(page: Page) -> dict[str, str]:
    """Return the headers of a page: nothing from elsewhere, no script, no frame, no copy."""
    policy = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {page.leads_to}"
    )
    return {
        "content-security-policy": policy.strip(),
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
