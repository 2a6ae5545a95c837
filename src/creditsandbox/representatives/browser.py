"""A representative's browser: two sites, each with its own authority; cookies, redirects, forms."""

import ssl
from collections.abc import Mapping
from http.client import HTTPException, HTTPSConnection
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from creditbridge.foundation.errors import Unavailable
from creditsandbox.representatives.pages import Page, read_page

PAGE_SECONDS = 10.0
PAGE_BYTES_MAX = 2_097_152
REDIRECTS_MAX = 10
REDIRECTS = frozenset({302, 303})
ENDED = "max-age=0"
HEADERS = {"accept": "text/html", "accept-language": "zh-CN"}


class SiteAway(Unavailable):
    """Nobody answers there, or what answers is no web site; it may be back later."""

    code = "site-away"
    message = "The site does not answer at present."


class Browser:
    """Opens pages and sends forms; led to a site that is none of its own, it stops there."""

    def __init__(self, sites: Mapping[str, ssl.SSLContext]) -> None:
        self._sites = sites
        # By origin with its port, stricter than browsers: both sites stand on one loopback host.
        self._cookies: dict[str, dict[str, str]] = {origin: {} for origin in sites}

    def open(self, url: str) -> Page:
        """Open an address and follow its redirects.

        Raises:
            SiteAway: one of the sites does not answer.
        """
        return self._follow("GET", url, b"")

    def submit(self, page: Page, button: str, typed: Mapping[str, str]) -> Page:
        """Press a button of a page; an empty text in `typed` leaves a field out.

        Raises:
            PageUnfit: no such button.
            SiteAway: one of the sites does not answer.
        """
        form = page.get_form(button)
        fields = {**form.press(button), **typed}
        sent = {name: text for name, text in fields.items() if text or name not in typed}
        return self._follow("POST", form.action, urlencode(sent).encode())

    def knows(self, url: str) -> bool:
        """Tell whether an address belongs to one of the sites."""
        return origin_of(url) in self._sites

    def _follow(self, method: str, url: str, body: bytes) -> Page:
        for _ in range(REDIRECTS_MAX):
            status, location, html = self._send(method, url, body)
            if status not in REDIRECTS:
                return read_page(url, status, html)
            url = urljoin(url, location)
            # A bank's address: where it leads is all that there is to see of it.
            if not self.knows(url):
                return Page(url=url, status=status)
            # After 302 and 303 a browser comes with GET (RFC 9110, section 15.4.4).
            method, body = "GET", b""
        raise SiteAway(detail="it leads in circles")

    def _send(self, method: str, url: str, body: bytes) -> tuple[int, str, str]:
        parts, origin = urlsplit(url), origin_of(url)
        jar, headers = self._cookies[origin], dict(HEADERS)
        if jar:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        if method == "POST":
            headers |= {"content-type": "application/x-www-form-urlencoded", "origin": origin}
        connection = HTTPSConnection(
            parts.netloc, timeout=PAGE_SECONDS, context=self._sites[origin]
        )
        try:
            connection.request(method, urlunsplit(("", "", *parts[2:4], "")), body, headers)
            answer = connection.getresponse()
            html = answer.read(PAGE_BYTES_MAX).decode("utf-8", "replace")
        except (OSError, HTTPException) as error:
            raise SiteAway(detail=str(error)) from error
        finally:
            connection.close()
        for line in answer.headers.get_all("set-cookie", []):
            self.keep_cookie(jar, line)
        return answer.status, answer.getheader("location", ""), html

    @staticmethod
    def keep_cookie(jar: dict[str, str], line: str) -> None:
        """Keep, change or end a cookie as a `set-cookie` line says."""
        pair, _, rest = line.partition(";")
        name, _, value = pair.partition("=")
        if ENDED in rest.lower():
            jar.pop(name, None)
        else:
            jar[name] = value


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address (RFC 6454, section 4)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
