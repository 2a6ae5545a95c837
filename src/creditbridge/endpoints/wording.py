"""The portal's words: our texts in each language, and other people's texts put in unharmed."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from importlib import resources

import msgspec
from markupsafe import Markup, escape

BEIJING = timezone(timedelta(hours=8))
ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# Controls, zero-width and direction characters: in a name or a reference they only deceive.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


class Language(StrEnum):
    """The languages of the pages; Chinese is the first."""

    CHINESE = "zh-CN"
    ENGLISH = "en"


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """One language: its texts under dotted keys, such as `decision.approve`, and its dates."""

    language: Language
    texts: Mapping[str, str]

    def say(self, key: str, **values: object) -> Markup:
        """Return a text of ours with values put in; foreign ones are escaped and isolated."""
        isolated = {name: _isolate(value) for name, value in values.items()}
        return escape(self.texts[key]).format(**isolated)

    def plain(self, key: str, **values: object) -> str:
        """Return a text of ours for where there is no markup, such as a mail: one line each."""
        return self.texts[key].format(
            **{name: show_invisible(value) for name, value in values.items()}
        )

    def explain(self, code: str) -> Markup:
        """Return what a person is told about an error code."""
        known = f"error_text.{code}"
        return self.say(known if known in self.texts else "error_text.default")

    def reason(self, code: str) -> Markup:
        """Return what an enterprise is told about why a look delivered nothing."""
        known = f"look_reason.{code}"
        return self.say(known if known in self.texts else "look_reason.default")

    def when(self, instant: datetime) -> Markup:
        """Return an instant in Beijing time, to the minute."""
        comma = "," if self.language is Language.ENGLISH else ""
        local = instant.astimezone(BEIJING)
        return self._time(instant, f"{self._date(instant)}{comma} {local:%H:%M}")

    def day(self, instant: datetime) -> Markup:
        """Return the day of an instant in Beijing time."""
        return self._time(instant, self._date(instant))

    def month(self, text: str) -> Markup:
        """Return a month, such as `2026-11`, as people write it."""
        year, number = map(int, text.split("-"))
        if self.language is Language.ENGLISH:
            return Markup("{} {}").format(ENGLISH_MONTHS[number - 1], year)
        return Markup("{}年{}月").format(year, number)

    def _date(self, instant: datetime) -> str:
        local = instant.astimezone(BEIJING)
        if self.language is Language.ENGLISH:
            return f"{local.day} {ENGLISH_MONTHS[local.month - 1]} {local.year}"
        return f"{local.year}年{local.month}月{local.day}日"

    def _time(self, instant: datetime, text: str) -> Markup:
        return Markup('<time datetime="{}">{}</time>').format(instant.isoformat(), text)


def choose_language(*, asked: str | None, remembered: str | None) -> Language:
    """Return the language that the switch asks for, else the remembered one, else Chinese."""
    known = {str(language): language for language in Language}
    return known.get(asked or "") or known.get(remembered or "") or Language.CHINESE


@cache
def read_wording(language: Language) -> Wording:
    """Return the texts of a language, read once."""
    folder = resources.files("creditbridge") / "web" / "translations"
    raw = (folder / f"{language}.toml").read_bytes()
    tables = msgspec.toml.decode(raw, type=dict[str, dict[str, str]])
    texts = {
        f"{part}.{key}": text for part, entries in tables.items() for key, text in entries.items()
    }
    return Wording(language=language, texts=texts)


def show_invisible(value: object) -> object:
    """Return a foreign text with a replacement sign for each character that nobody would see."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _INVISIBLE.sub("\ufffd", value)
    return value


def _isolate(value: object) -> object:
    # A foreign text may run from right to left: `bdi` keeps that inside. Our own is Markup, and
    # stays open so that the browser spaces it from the Chinese around it.
    if isinstance(value, str) and not isinstance(value, Markup):
        return Markup("<bdi>{}</bdi>").format(show_invisible(value))
    return value
