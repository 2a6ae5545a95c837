"""The pages about passkeys: whole, in both languages, and with no script but the site's own."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from tests.web.conftest import make_terms
from tests.web.test_pages import Reader

from creditbridge.endpoints.pages import Allowance, page_headers, read_static, render
from creditbridge.endpoints.passkey_views import (
    CeremonyView,
    PasskeyAskView,
    PasskeyEndView,
    PasskeyLine,
    PasskeyListView,
)
from creditbridge.endpoints.signing import SigningView
from creditbridge.endpoints.views import Frame, Party, Visitor
from creditbridge.endpoints.wording import Language
from creditbridge.login.passkeys.model import PasskeyState

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script>'
CEREMONY = CeremonyView(
    signing_id="sgn_1",
    challenge="c" * 43,
    rp_id="portal.example",
    credentials="AAAA BBBB",
    expires_at=NOW,
)


def make_pages(foreign: str) -> dict[str, tuple[str, object]]:
    """Return template and view of each page, with a text that others write."""
    line = PasskeyLine(
        passkey_id="psk_1",
        name=foreign,
        state=PasskeyState.ACTIVE,
        device_bound=True,
        enrolled_at=NOW,
        used_at=NOW,
        approves_from=NOW + timedelta(days=1),
    )
    ended = replace(line, state=PasskeyState.SUSPENDED, ended_at=NOW, device_bound=False)
    full = PasskeyListView(
        live=(line, replace(line, used_at=None, approves_from=None)),
        ended=(ended, replace(ended, state=PasskeyState.ENDED)),
        person_id="prs_1",
        can_add=True,
        is_lost=False,
        recovery_until=NOW,
    )
    asks = PasskeyAskView(
        ceremony=CEREMONY, confirms=True, rp_name="Creditbridge", user_id="u", user_name=foreign
    )
    signing = SigningView(
        ceremony=CEREMONY,
        action="/portal/consents/cns_1/decision",
        fields=(("decision", "approve"), ("version", "1")),
        terms=(make_terms(foreign),),
        back="/portal/consents/cns_1",
        is_needed=False,
    )
    return {
        "list": ("passkeys", full),
        "one": ("passkeys", replace(full, live=full.live[:1])),
        "none": (
            "passkeys",
            replace(full, live=(), ended=(), can_add=False, recovery_until=None),
        ),
        "confirm": ("passkey_new", asks),
        "new": ("passkey_new", replace(asks, confirms=False)),
        "signing": ("signing", signing),
        "signing_needed": ("signing", replace(signing, is_needed=True)),
        "end": ("passkey_end", PasskeyEndView(passkey=line, is_last=True)),
        "end_one": ("passkey_end", PasskeyEndView(passkey=line, is_last=False)),
    }


PAGES = make_pages("我的手机")


def read(name: str, language: Language, foreign: str = "我的手机") -> Reader:
    """Return a page as a browser reads it."""
    template, view = make_pages(foreign)[name]
    visitor = Visitor(name=foreign, enterprise=Party(name=foreign, uscc="9"), form_token="f" * 43)
    frame = Frame(path="/portal/passkeys", visitor=visitor)
    return Reader(render(template, language, frame=frame, view=view))


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_runs_the_sites_own_file_alone(name: str, language: Language) -> None:
    """Every element is closed, every field labelled; one script at most, from this site."""
    page = read(name, language)

    assert page.open == []
    tags = [tag for tag, _ in page.tags]
    assert (tags.count("h1"), tags.count("main"), tags.count("title")) == (1, 1, 1)
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert scripts == (
        [{"src": read_static()["passkeys.js"].url, "defer": None}]
        if name in {"confirm", "new", "signing", "signing_needed"}
        else []
    )
    assert not any(
        attribute == "style" or attribute.startswith("on")
        for _, attributes in page.tags
        for attribute in attributes
    )
    labelled = {attributes.get("for") for tag, attributes in page.tags if tag == "label"}
    shown = {
        attributes.get("id")
        for tag, attributes in page.tags
        if tag == "input" and attributes.get("type") != "hidden"
    }
    assert shown == labelled


@pytest.mark.parametrize("name", PAGES)
def test_hostile_names_stay_inert(name: str) -> None:
    """The page has the same elements with the same attributes."""
    for language in Language:
        plain, page = read(name, language), read(name, language, HOSTILE)

        shape = [(tag, sorted(attributes)) for tag, attributes in page.tags]
        assert shape == [(tag, sorted(attributes)) for tag, attributes in plain.tags]


def test_every_message_of_the_script_stands_in_the_page() -> None:
    """What the script shows is a text of ours, in the reader's language; it fills known fields."""
    script = read_static()["passkeys.js"].body.decode()
    page = read("confirm", Language.ENGLISH)
    ids = {attributes.get("id") for _, attributes in page.tags}
    named = {attributes.get("name") for tag, attributes in page.tags if tag == "input"}
    named |= {
        attributes.get("name") for tag, attributes in read("new", Language.ENGLISH).tags if tag
    }

    assert set(re.findall(r'"(passkey-[a-z]+)"', script)) <= ids
    for field in re.findall(r"\b([a-z]+_?[a-z]*): (?:write\(|said\.userHandle)", script):
        assert field in named
    assert "eval" not in script
    assert "innerHTML" not in script
    assert "fetch(" not in script


def test_a_script_runs_only_where_a_page_is_allowed_to() -> None:
    """From this site's own files; nothing inline."""
    policy = page_headers(Allowance(runs_script=True))["content-security-policy"]

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in page_headers()["content-security-policy"]
