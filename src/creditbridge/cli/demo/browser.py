"""A person's browser, as far as the demo needs one: cookies, redirects, forms."""

import html
import re
import ssl
from collections.abc import Mapping
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import msgspec

PAGE_SECONDS = 10.0
REDIRECTS_MAX = 10
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_INPUT = re.compile(r"<input\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_CHECKED = re.compile(r"\bchecked\b")
_BUTTON = re.compile(r"<button\b([^>]*)>")
REDIRECTS = frozenset({302, 303})


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back; header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Page:
    """One page: where it is, its status, its text and its forms."""

    def __init__(self, url: str, answer: Answer) -> None:
        self.url = url
        self.status = answer.status
        self.text = answer.body.decode("utf-8", "replace")

    def form(self, containing: str) -> tuple[str, dict[str, str]]:
        """Return address and fields of the form that holds an element with this id."""
        for attributes, inside in _FORM.findall(self.text):
            if f'id="{containing}"' in inside:
                action = dict(_ATTRIBUTE.findall(attributes)).get("action", "")
                return urljoin(self.url, html.unescape(action)), _read_fields(inside, containing)
        raise LookupError(f"no form with #{containing} at {urlsplit(self.url).path}")


def _read_fields(inside: str, pressed: str) -> dict[str, str]:
    """Return what a form sends when the element with the id `pressed` is pressed."""
    fields = dict[str, str]()
    for found in [*_INPUT.findall(inside), *_BUTTON.findall(inside)]:
        named = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(found)}
        ticked = _CHECKED.search(found) is not None
        if "name" in named and _counts(named, ticked=ticked, pressed=pressed):
            fields[named["name"]] = named.get("value", "")
    return fields


def _counts(named: Mapping[str, str], *, ticked: bool, pressed: str) -> bool:
    match named.get("type"):
        case "submit":
            return named.get("id") == pressed
        case "checkbox":
            return ticked
        case _:
            return True


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address (RFC 6454, section 4)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Browser:
    """Follows links and sends forms; `authorities` is the CA file of each site's certificate.

    Led to a site that is none of these it stops, with the address and the redirect's own status.
    """

    def __init__(self, authorities: Mapping[str, Path]) -> None:
        # Each site's own authority: the demo's certificates are believed nowhere else.
        self._contexts = {
            origin: ssl.create_default_context(cafile=file) for origin, file in authorities.items()
        }
        self._cookies: dict[str, dict[str, str]] = {origin: {} for origin in authorities}

    def open(self, url: str) -> Page:
        """Open an address and follow its redirects."""
        return self._follow("GET", url, b"")

    def submit(self, page: Page, containing: str, **typed: str) -> Page:
        """Send the form that holds the named element, with what was typed."""
        address, fields = page.form(containing)
        return self._follow("POST", address, urlencode({**fields, **typed}).encode())

    def _follow(self, method: str, url: str, body: bytes) -> Page:
        for _ in range(REDIRECTS_MAX):
            answer = self._send(method, url, body)
            if answer.status not in REDIRECTS:
                return Page(url, answer)
            url = urljoin(url, dict(answer.headers)["location"])
            # A bank's address: where it leads is all that there is to see of it.
            if origin_of(url) not in self._contexts:
                return Page(url, answer)
            # After 302 and 303 a browser comes with GET (RFC 9110, section 15.4.4).
            method, body = "GET", b""
        message = f"more than {REDIRECTS_MAX} redirects"
        raise LookupError(message)

    def _send(self, method: str, url: str, body: bytes) -> Answer:
        parts, origin = urlsplit(url), origin_of(url)
        # By origin with its port, stricter than browsers: both sites stand on one loopback host.
        jar = self._cookies[origin]
        headers = {"accept": "text/html", "accept-language": "zh-CN"}
        if jar:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        if method == "POST":
            # Browsers name their origin with a form, and the door may look at it.
            headers |= {"content-type": "application/x-www-form-urlencoded", "origin": origin}
        connection = HTTPSConnection(
            parts.netloc, timeout=PAGE_SECONDS, context=self._contexts[origin]
        )
        try:
            connection.request(method, urlunsplit(("", "", *parts[2:4], "")), body, headers)
            received = connection.getresponse()
            found = tuple((name.lower(), value) for name, value in received.getheaders())
            answer = Answer(status=received.status, headers=found, body=received.read())
        finally:
            connection.close()
        _keep_cookies(jar, answer)
        return answer


def _keep_cookies(jar: dict[str, str], answer: Answer) -> None:
    for name, value in answer.headers:
        if name != "set-cookie":
            continue
        cookie, _, rest = value.partition(";")
        key, _, content = cookie.partition("=")
        if "max-age=0" in rest.lower():
            jar.pop(key, None)
        else:
            jar[key] = content
