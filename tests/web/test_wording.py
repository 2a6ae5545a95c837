"""Our words in both languages, and other people's words among them."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest
from markupsafe import Markup

from creditbridge.access.model import OPENID
from creditbridge.app.descriptions import SCOPES
from creditbridge.consents.model import ConsentState
from creditbridge.consents.persons.rules import PURPOSES
from creditbridge.disputes.model import DisputeState, Ground, Outcome, Slip as DisputeSlip
from creditbridge.endpoints.views import LookOutcome, Notice, Unusual
from creditbridge.endpoints.wording import (
    Language,
    choose_language,
    read_wording,
    show_invisible,
)
from creditbridge.ledger.catalogue import CATALOGUE, EventKind, ReferenceKind
from creditbridge.login.passkeys.model import PasskeyState
from creditbridge.profile.codes import KeyPosition, Purpose, SectionCode
from creditbridge.profile.persons import PERSON_SECTIONS

CHINESE, ENGLISH = read_wording(Language.CHINESE), read_wording(Language.ENGLISH)
INSTANT = datetime(2026, 12, 31, 16, 5, tzinfo=UTC)
TEMPLATES = Path(str(resources.files("creditbridge") / "web" / "templates"))
USED = re.compile(r't\("([a-z_]+\.[a-z_]+)"[),]')
CONSENT = "consent."
# Of a natural person's consent, as shown.
PERSON_STATES = ("REQUESTED", "ACTIVE", "REFUSED", "LAPSED", "WITHDRAWN", "EXPIRED")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def test_both_languages_say_everything() -> None:
    """The same keys, and in each text the same placeholders."""
    assert CHINESE.texts.keys() == ENGLISH.texts.keys()
    unequal = [
        key
        for key, text in CHINESE.texts.items()
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(ENGLISH.texts[key]))
    ]
    assert unequal == []


def test_every_text_that_a_template_names_exists() -> None:
    """A key that is mistyped would be an error page for somebody."""
    used = {
        key
        for file in TEMPLATES.iterdir()
        for key in USED.findall(file.read_text(encoding="utf-8"))
    }

    assert len(used) > 50
    assert used - CHINESE.texts.keys() == set()


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("purpose", Purpose),
        ("purpose_words", Purpose),
        ("section", SectionCode),
        ("section_words", SectionCode),
        ("state", ConsentState),
        ("outcome", LookOutcome),
        ("notice", Notice),
        ("unusual", Unusual),
        ("scope", SCOPES | {OPENID}),
        ("passkey_state", PasskeyState),
        ("ground", Ground),
        ("dispute_state", DisputeState),
        ("dispute_lead", DisputeState),
        ("dispute_outcome", Outcome),
        ("dispute_slip", DisputeSlip),
        ("position", KeyPosition),
        ("person_purpose", PURPOSES),
        ("person_section", PERSON_SECTIONS),
        ("person_section_words", PERSON_SECTIONS),
        ("person_lead", PERSON_STATES[1:]),
    ],
)
def test_every_word_of_the_house_has_a_text(part: str, words: Iterable[str]) -> None:
    """A new purpose, section or state is not shown as a code."""
    texts = {key.removeprefix(f"{part}.") for key in CHINESE.texts if key.startswith(f"{part}.")}

    assert texts == {str(word) for word in words}


def test_every_turn_of_a_consent_has_a_text() -> None:
    """A new transition in the ledger shows in the history in words, not as an error page."""
    turns = {kind.removeprefix(CONSENT) for kind in EventKind if kind.startswith(CONSENT)}

    assert {turn for turn in turns if f"turn.{turn}" not in CHINESE.texts} == set()


def test_every_record_that_names_an_enterprise_has_a_text() -> None:
    """Whatever a monthly statement may list is said in words."""
    named = {
        kind
        for kind, row in CATALOGUE.items()
        if ReferenceKind.ENTERPRISE in row.names | row.may_name
    }

    assert {kind for kind in named if f"record.{kind}" not in CHINESE.texts} == set()


def test_chinese_texts_leave_spacing_to_the_browser() -> None:
    """No space between Chinese and Latin or digits, no half-width stop, straight quote or colon."""
    careless = re.compile(
        r"[\u4e00-\u9fff] ?[,;:?!\"']|[\u4e00-\u9fff] [\w{]|[\w}] [\u4e00-\u9fff]"
    )

    assert [text for text in CHINESE.texts.values() if careless.search(text)] == []


def test_english_texts_are_set_with_typographic_signs() -> None:
    """No straight quotes and no Chinese sign."""
    careless = re.compile(r"[\"'\u3000-\u9fff\uff00-\uffef]")

    assert [text for text in ENGLISH.texts.values() if careless.search(text)] == []


@pytest.mark.parametrize(
    ("asked", "remembered", "language"),
    [
        (None, None, Language.CHINESE),
        ("en", None, Language.ENGLISH),
        (None, "en", Language.ENGLISH),
        ("zh-CN", "en", Language.CHINESE),
        ("fr", None, Language.CHINESE),
        ("EN", "../en", Language.CHINESE),
        ("", "", Language.CHINESE),
    ],
)
def test_the_language_is_chinese_until_switched(
    asked: str | None, remembered: str | None, language: Language
) -> None:
    """The switch wins, then what the browser remembers; nothing else is a language."""
    assert choose_language(asked=asked, remembered=remembered) is language


def test_instants_are_beijing_time() -> None:
    """Past midnight there, and past the new year."""
    moment = '<time datetime="2026-12-31T16:05:00+00:00">{}</time>'

    assert CHINESE.when(INSTANT) == moment.format("2027年1月1日 00:05")
    assert ENGLISH.when(INSTANT) == moment.format("1 January 2027, 00:05")
    assert CHINESE.day(INSTANT) == moment.format("2027年1月1日")
    assert ENGLISH.day(INSTANT) == moment.format("1 January 2027")


def test_a_month_is_written_as_people_write_it() -> None:
    """Without the sign that files use."""
    assert (CHINESE.month("2026-11"), ENGLISH.month("2026-11")) == ("2026年11月", "November 2026")


def test_foreign_texts_are_escaped_and_isolated() -> None:
    """Ours is not: the browser spaces it from the Chinese around it."""
    said = CHINESE.say("list.lead", enterprise="<b>{x}</b>")

    assert said == "哪些银行可以查看<bdi>&lt;b&gt;{x}&lt;/b&gt;</bdi>的公共信用信息，都在这里。"
    assert CHINESE.say("decision.uses_text", count=2) == "2次"
    assert "<time" in CHINESE.say("list.answer_by", time=CHINESE.when(INSTANT))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\u202eb", "a\ufffdb"),
        ("a\u200bb", "a\ufffdb"),
        ("a\u2066b\u2069", "a\ufffdb\ufffd"),
        ("a\x1b[31m", "a\ufffd[31m"),
        ("a\r\nb", "a\ufffd\ufffdb"),
        ("杭州·𠮷 Ünï", "杭州·𠮷 Ünï"),
        (Markup("<b>\u202e</b>"), Markup("<b>\u202e</b>")),
        (5, 5),
    ],
)
def test_what_nobody_would_see_is_shown(value: object, shown: object) -> None:
    """Direction, zero-width and control characters become a visible sign."""
    assert show_invisible(value) == shown


def test_an_error_without_a_text_of_its_own_is_explained_all_the_same() -> None:
    """The general sentence; a code that looks like a key of ours is no way in."""
    assert CHINESE.explain("not-found") == CHINESE.texts["error_text.not-found"]
    for code in ("unheard-of", "default", "", "../site.name", "{code}"):
        assert CHINESE.explain(code) == CHINESE.texts["error_text.default"]
