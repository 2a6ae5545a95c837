"""A person's browser, as far as the demo needs one: cookies, redirects, forms."""

import html
import re
from urllib.parse import urlencode, urljoin, urlsplit

from creditbridge.foundation.http import Http, HttpRequest, HttpResponse

PAGE_SECONDS = 10.0
REDIRECTS_MAX = 10
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_INPUT = re.compile(r"<input\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_BUTTON = re.compile(r"<button\b([^>]*)>")
REDIRECTS = frozenset({302, 303})


class Page:
    """One page: where it is, its status, its text and its forms."""

    def __init__(self, url: str, answer: HttpResponse) -> None:
        self.url = url
        self.status = answer.status
        self.text = answer.body.decode("utf-8", "replace")

    def form(self, containing: str) -> tuple[str, dict[str, str]]:
        """Return address and fields of the form that holds an element with this id."""
        for attributes, inside in _FORM.findall(self.text):
            if f'id="{containing}"' in inside:
                return self._read_form(attributes, inside, containing)
        raise LookupError(f"no form with #{containing} at {urlsplit(self.url).path}")

    def _read_form(
        self, attributes: str, inside: str, containing: str
    ) -> tuple[str, dict[str, str]]:
        action = dict(_ATTRIBUTE.findall(attributes)).get("action", "")
        fields = dict[str, str]()
        for found in [*_INPUT.findall(inside), *_BUTTON.findall(inside)]:
            named = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(found)}
            # A button counts only when it is the one that was pressed; a box only when ticked.
            pressed = named.get("type") != "submit" or named.get("id") == containing
            ticked = named.get("type") != "checkbox" or re.search(r"\bchecked\b", found) is not None
            if "name" in named and pressed and ticked:
                fields[named["name"]] = named.get("value", "")
        return urljoin(self.url, html.unescape(action)), fields


class Browser:
    """Follows links and sends forms, over the given client of each site."""

    def __init__(self, sites: dict[str, Http]) -> None:
        self._sites = sites
        self._cookies: dict[str, dict[str, str]] = {origin: {} for origin in sites}

    async def open(self, url: str) -> Page:
        """Open an address and follow its redirects."""
        return await self._follow("GET", url, b"")

    async def submit(self, page: Page, containing: str, **typed: str) -> Page:
        """Send the form that holds the named element, with what was typed."""
        address, fields = page.form(containing)
        return await self._follow("POST", address, urlencode({**fields, **typed}).encode())

    async def _follow(self, method: str, url: str, body: bytes) -> Page:
        for _ in range(REDIRECTS_MAX):
            answer = await self._send(method, url, body)
            if answer.status not in REDIRECTS:
                return Page(url, answer)
            url = urljoin(url, dict(answer.headers)["location"])
            method, body = "GET", b""
        raise LookupError(f"more than {REDIRECTS_MAX} redirects")

    async def _send(self, method: str, url: str, body: bytes) -> HttpResponse:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        jar = self._cookies[origin]
        headers = [("accept", "text/html"), ("accept-language", "zh-CN")]
        if jar:
            headers.append(("cookie", "; ".join(f"{name}={value}" for name, value in jar.items())))
        if method == "POST":
            headers += [("content-type", "application/x-www-form-urlencoded"), ("origin", origin)]
        request = HttpRequest(method=method, url=url, headers=tuple(headers), body=body)
        answer = await self._sites[origin].send(request, timeout_seconds=PAGE_SECONDS)
        for name, value in answer.headers:
            if name == "set-cookie":
                cookie, _, rest = value.partition(";")
                key, _, content = cookie.partition("=")
                if "max-age=0" in rest.lower():
                    jar.pop(key, None)
                else:
                    jar[key] = content
        return answer
