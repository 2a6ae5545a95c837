"""All of them: one round after another in one thread, until the process ends."""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from msgspec.structs import replace

from creditsandbox.province.fixed import ActingEnterprise, Temper, list_acting
from creditsandbox.representatives.browser import Browser, SiteAway, origin_of
from creditsandbox.representatives.pages import Page, PageUnfit
from creditsandbox.representatives.person import Person
from creditsandbox.representatives.settings import RepresentativesSettings

# How long nobody looks in again after a failure; doubled with each one that follows.
AWAY_SECONDS_MAX = 15.0


class Company:
    """The representatives of one run, and the two sites they go to."""

    def __init__(
        self,
        settings: RepresentativesSettings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._sites: Mapping[str, ssl.SSLContext] = {
            settings.portal: ssl.create_default_context(cafile=settings.portal_ca_file),
            settings.issuer: ssl.create_default_context(cafile=settings.issuer_ca_file),
        }
        self._people = [self._send_out(one) for one in (*_list_silent(), *list_acting())]
        self._away_seconds = 0.0

    async def work(self) -> None:
        """Look in, round by round, until this is cancelled."""
        stop = threading.Event()
        try:
            await asyncio.to_thread(self.run, stop)
        finally:
            stop.set()

    def run(self, stop: threading.Event) -> None:
        """Look in, round by round, until told to stop; polite to a portal that is away."""
        wait = 0.0
        while not stop.wait(wait):
            wait = self.look_in(stop)

    def look_in(self, stop: threading.Event) -> float:
        """Let each of them look in once; return after how many seconds the next round begins."""
        unfit, people = 0, [one for one in self._people if not one.is_settled]
        for person in people:
            if stop.is_set():
                break
            try:
                person.look_in(now=self._monotonic())
            except SiteAway:
                # Restarted, or busy: the others would only fail as well.
                return self._back_off()
            except PageUnfit:
                unfit += 1
        # One may find another page than it knows; where all do, the house is not open yet.
        if unfit == len(people):
            return self._back_off()
        self._away_seconds = 0.0
        return self._settings.poll_seconds

    def visit(self, enterprise: ActingEnterprise, address: str) -> Page:
        """Open what a bank sent a browser to, as the representative; return the page after it.

        Raises:
            SiteAway: portal or provider do not answer.
            PageUnfit: they answer with another page.
        """
        # With a browser of its own: it comes while the others make their round.
        return self._send_out(enterprise).visit(address)

    def open_browser(self) -> Browser:
        """Return a browser for the two sites, with no cookies yet."""
        return Browser(self._sites)

    def leads_to_portal(self, address: str) -> bool:
        """Tell whether an address is one of the portal's."""
        return origin_of(address) == self._settings.portal

    def _send_out(self, enterprise: ActingEnterprise) -> Person:
        return Person(
            enterprise,
            self.open_browser(),
            self._settings.portal,
            pause_seconds=self._settings.pause_seconds,
        )

    def _back_off(self) -> float:
        doubled = max(2 * self._away_seconds, self._settings.poll_seconds)
        self._away_seconds = min(doubled, AWAY_SECONDS_MAX)
        return self._away_seconds


def _list_silent() -> Iterator[ActingEnterprise]:
    """Yield the agents of whom a second approval is asked: they come once, so as to be known."""
    for one in list_acting():
        if one.second is not None:
            yield replace(one, login_name=one.second_login_name, temper=Temper.LAPSES)


def find_acting(uscc: str) -> ActingEnterprise | None:
    """Return the enterprise of a code whose representative acts by itself."""
    return next((one for one in list_acting() if one.uscc == uscc), None)


def is_silent(enterprise: ActingEnterprise) -> bool:
    """Tell whether a representative never answers."""
    return enterprise.temper is Temper.LAPSES
