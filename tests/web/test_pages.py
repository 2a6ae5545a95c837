"""Every page, in both languages: whole, readable, and unharmed by what others wrote."""

import re
from html.parser import HTMLParser
from typing import ClassVar

import msgspec
import pytest
from jinja2 import UndefinedError
from typing_extensions import override

from creditbridge.endpoints.pages import PAGE_HEADERS, read_static, render
from creditbridge.endpoints.views import (
    AuthorizationView,
    ConsentListView,
    ConsentView,
    DecisionView,
    ErrorView,
    Frame,
    WithdrawalView,
)
from creditbridge.endpoints.wording import Language

TEMPLATES = [
    *("sign_in", "consents", "decision", "authorization"),
    *("waiting", "consent", "withdrawal", "error", "inbox", "inbox_settings"),
    *("statements", "statement", "contact", "disputes", "dispute", "dispute_new"),
    *("my_consents", "my_consent", "confirmation"),
]
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<svg/onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% include 'base.html' %}",
    "{0.__class__}{name}",
    "\u202e</bdi>\u2066",
    "\x1b[31m=cmd|'/C calc'!A1",
    "长" * 5_000,
    "a\r\nSet-Cookie: x=y",
    "&lt;b&gt;",
]
Context = dict[str, object]


class Reader(HTMLParser):
    """Reads a page as a browser would: elements, ids, attributes, text."""

    EMPTY: ClassVar[set[str]] = {"meta", "link", "img", "input", "br"}

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(page.decode("utf-8"))
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """Everything that a person reads, spaces run together."""
        return " ".join(" ".join(self.texts).split())

    def find(self, name: str) -> dict[str, str | None]:
        """The attributes of the element of this id."""
        (found,) = [attributes for _, attributes in self.tags if attributes.get("id") == name]
        return found


@pytest.fixture(params=HOSTILE)
def hostile(request: pytest.FixtureRequest) -> str:
    """A text that somebody wrote to do harm."""
    return str(request.param)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_page_is_whole(pages: dict[str, Context], template: str, language: Language) -> None:
    """Every element is closed; one heading, one main part, the language, a title, labels."""
    page = Reader(render(template, language, **pages[template]))

    assert page.open == []
    tags = [tag for tag, _ in page.tags]
    assert (tags.count("h1"), tags.count("main"), tags.count("title")) == (1, 1, 1)
    assert ("html", {"lang": str(language)}) in page.tags
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.tags:
        assert tag != "img" or "alt" in attributes
        assert attributes.get("aria-labelledby") in {None, *ids}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_page_runs_nothing_and_loads_nothing_from_elsewhere(
    pages: dict[str, Context], template: str, language: Language
) -> None:
    """No script, no inline style, no handler; addresses are paths of this site."""
    page = Reader(render(template, language, **pages[template]))

    for tag, attributes in page.tags:
        assert tag not in {"script", "style", "iframe", "object", "base"}
        assert not any(name == "style" or name.startswith("on") for name in attributes)
        for name in ("href", "src", "action"):
            assert re.match(r"/(?!/)|#[a-z]+$|$", attributes.get(name) or "") is not None


@pytest.mark.parametrize("template", TEMPLATES)
def test_hostile_texts_stay_inert(
    hostile_pages: dict[str, Context], pages: dict[str, Context], template: str
) -> None:
    """The page has the same elements with the same attributes as with a plain name."""
    for language in Language:
        page = Reader(render(template, language, **hostile_pages[template]))
        plain = Reader(render(template, language, **pages[template]))

        assert page.open == []
        shape = [(tag, sorted(attributes)) for tag, attributes in page.tags]
        assert shape == [(tag, sorted(attributes)) for tag, attributes in plain.tags]


def test_foreign_names_are_isolated(pages: dict[str, Context]) -> None:
    """Wherever a bank's or a person's name stands, `bdi` is around it."""
    name = "杭州江涛商业银行股份有限公司"
    for template in ("consents", "decision", "authorization", "consent", "withdrawal"):
        text = render(template, Language.CHINESE, **pages[template]).decode()
        # Neither holds elements: an option is isolated by its direction, a field by its edges.
        text = re.sub(r'<option dir="auto"[^>]*>[^<]*</option>|value="[^"]*"', "", text)

        assert text.count(name) > 0
        assert len(re.findall(rf"<bdi[^>]*>{name}</bdi>", text)) == text.count(name)


@pytest.mark.parametrize("language", list(Language))
def test_Z6_the_decision_page_says_what_is_decided(
    pages: dict[str, Context], language: Language
) -> None:
    """Bank with USCC, enterprise, purpose, sections, period, uses, keeping, withdrawal, unusual."""
    page = Reader(render("decision", language, **pages["decision"]))
    in_chinese = language is Language.CHINESE
    facts = (
        [
            "贷前审查",
            "登记信息",
            "行政处罚",
            "2026年11月23日 09:30",
            "5次",
            "共180天",
            "如果不同意",
            "保存",
            "撤回",
        ]
        if in_chinese
        else ["Review before a loan", "Registration", "23 November 2026, 09:30", "at most 5", "180"]
    )

    for fact in ["杭州江涛商业银行股份有限公司", "91330000701234567K", *facts]:
        assert fact in page.text
    assert ("包含贷款" if in_chinese else "lending information") in page.text


@pytest.mark.parametrize("language", list(Language))
def test_Z6_the_page_of_several_consents_says_which_is_unusual(
    pages: dict[str, Context], language: Language
) -> None:
    """Each with a heading of its own, and the signs inside of the one that they are about."""
    text = render("authorization", language, **pages["authorization"]).decode()
    first, second = text.split('id="consent-2"')

    assert 'id="unusual-1"' in first
    assert 'class="unusual"' not in second
    assert ("从您同意时起" if language is Language.CHINESE else "From your approval to") in second
    assert text.count("91330000701234567K") == 1


def test_Z6_the_page_of_one_consent_reads_like_the_portals(pages: dict[str, Context]) -> None:
    """What is unusual on top, who and whom among the facts, no number."""
    view = pages["authorization"]["view"]
    assert isinstance(view, AuthorizationView)
    one = msgspec.structs.replace(view, consents=view.consents[:1])

    context = {**pages["authorization"], "view": one}
    text = render("authorization", Language.ENGLISH, **context).decode()

    assert text.index('id="unusual"') < text.index('class="sheet"')
    assert "Who will look" in text
    assert "Consent 1 of 1" not in text


def test_Z6_the_text_of_an_authorization_stands_without_its_reader(
    pages: dict[str, Context],
) -> None:
    """Its digest does not hang on the form, nor on itself."""
    view = pages["authorization"]["view"]
    assert isinstance(view, AuthorizationView)
    texts = {
        render(
            "authorization",
            Language.CHINESE,
            frame=Frame(path=""),
            view=msgspec.structs.replace(view, shown=shown),
        )
        for shown in ("", "x")
    }

    assert len(texts) == 1
    assert b"<form" not in texts.pop()


def test_Z8_every_form_carries_its_session_and_the_version_it_shows(
    pages: dict[str, Context],
) -> None:
    """Approving and refusing are one form with two buttons of stable ids."""
    for template, buttons in (
        ("decision", ["sign-out", "consent-approve", "consent-cancel"]),
        ("withdrawal", ["sign-out", "withdraw-confirm"]),
        ("confirmation", ["sign-out", "consent-confirm"]),
    ):
        page = Reader(render(template, Language.ENGLISH, **pages[template]))
        forms = [attributes for tag, attributes in page.tags if tag == "form"]
        fields = {
            (attributes.get("name"), attributes.get("value"))
            for tag, attributes in page.tags
            if tag == "input"
        }

        assert {form["method"] for form in forms} == {"post"}
        assert {("form_token", "f" * 43), ("version", "3")} <= fields
        assert [attributes.get("id") for tag, attributes in page.tags if tag == "button"] == buttons
    decision = Reader(render("decision", Language.ENGLISH, **pages["decision"]))
    assert decision.find("consent-approve")["value"] == "approve"
    assert decision.find("consent-cancel")["value"] == "refuse"


def test_the_text_of_a_decision_stands_without_its_reader(pages: dict[str, Context]) -> None:
    """What was shown can be rendered again, for its digest: nothing to press, nobody named."""
    still = {**pages["decision"], "frame": Frame(path="")}

    page = Reader(render("decision", Language.CHINESE, **still))

    assert "form" not in [tag for tag, _ in page.tags]
    assert "以后怎样撤回" in page.text
    assert render("decision", Language.CHINESE, **still) == render(
        "decision", Language.CHINESE, **still
    )


def test_the_list_of_nothing_says_so(pages: dict[str, Context]) -> None:
    """An empty part is a sentence, not a gap."""
    context = {**pages["consents"], "view": ConsentListView(requested=(), live=(), ended=())}

    text = Reader(render("consents", Language.ENGLISH, **context)).text

    assert "No request is waiting." in text
    assert "No bank can look at the moment." in text
    assert "No consent has ended yet." in text


def test_a_consent_without_looks_or_end_is_shown_without(pages: dict[str, Context]) -> None:
    """No looks: a sentence; not to be withdrawn: no button."""
    view = pages["consent"]["view"]
    assert isinstance(view, ConsentView)
    bare = msgspec.structs.replace(view, looks=(), turns=(), can_withdraw=False)

    page = Reader(render("consent", Language.ENGLISH, **{**pages["consent"], "view": bare}))

    assert "The bank has not used this consent yet." in page.text
    assert "Withdraw" not in page.text


@pytest.mark.parametrize(
    ("used", "said", "unsaid"),
    [
        (0, ["Looks that are left: 5.", "The bank has not looked yet"], "already taken"),
        (2, ["Looks that are left: 3.", "Looks already taken: 2."], "not looked yet"),
        (5, ["Looks already taken: 5."], "are left"),
    ],
)
def test_a_withdrawal_says_beforehand_what_it_does(
    pages: dict[str, Context], used: int, said: list[str], unsaid: str
) -> None:
    """What is left is void, what was taken stays."""
    view = pages["withdrawal"]["view"]
    assert isinstance(view, WithdrawalView)
    changed = {**pages["withdrawal"], "view": msgspec.structs.replace(view, used=used)}

    text = Reader(render("withdrawal", Language.ENGLISH, **changed)).text

    assert [sentence for sentence in said if sentence not in text] == []
    assert unsaid not in text


@pytest.mark.parametrize(("offers", "target"), [(True, "/portal/sign-in"), (False, None)])
def test_an_error_page_names_the_code_and_a_way_on(*, offers: bool, target: str | None) -> None:
    """`#error-code` and `#error-text` are where a test suite looks for them."""
    view = ErrorView(code="consent-inactive", interaction_id="i-1", offers_sign_in=offers)

    page = Reader(render("error", Language.ENGLISH, frame=Frame(path="/portal"), view=view))

    assert page.find("error-text")
    assert page.find("error-code")
    assert "consent-inactive" in page.text
    assert "has changed its state" in page.text
    links = [attributes.get("href") for _, attributes in page.tags if attributes.get("id")]
    assert (target in links) is offers or target is None


def test_a_decision_without_references_or_signs_leaves_them_out(
    pages: dict[str, Context],
) -> None:
    """An empty line would look like something withheld."""
    view = pages["decision"]["view"]
    assert isinstance(view, DecisionView)
    terms = msgspec.structs.replace(view.terms, business_ref=None, authorization_no="")
    bare = msgspec.structs.replace(view, terms=terms, unusual=())

    text = Reader(render("decision", Language.ENGLISH, **{**pages["decision"], "view": bare})).text

    assert "Business reference" not in text
    assert "Consent number" not in text
    assert "Please note" not in text


def test_the_switch_leads_to_the_same_page_in_the_other_language() -> None:
    """And marks the present one."""
    frame = Frame(path="/portal/consents/cns_1")
    view = ErrorView(code="x", interaction_id="i")

    page = Reader(render("error", Language.CHINESE, frame=frame, view=view))

    switch = [attributes for _, attributes in page.tags if attributes.get("hreflang")]
    assert [(link["hreflang"], link["href"]) for link in switch] == [
        ("en", "/portal/consents/cns_1?language=en")
    ]


def test_a_template_that_misses_something_fails() -> None:
    """Nothing is silently left blank on a page that somebody decides by."""
    with pytest.raises(UndefinedError):
        render("decision", Language.CHINESE, frame=Frame(path="/"))


def test_pages_and_files_come_with_strict_headers() -> None:
    """Nothing runs, nothing is framed, nothing is kept (PROTOCOLS Z8)."""
    policy = PAGE_HEADERS["content-security-policy"]

    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert PAGE_HEADERS["cache-control"] == "no-store"
    assert PAGE_HEADERS["referrer-policy"] == "no-referrer"
    files = read_static()
    assert {name: file.media_type for name, file in files.items()} == {
        "mark.svg": "image/svg+xml",
        "passkeys.js": "text/javascript; charset=utf-8",
        **dict.fromkeys(("base.css", "portal.css", "print.css"), "text/css; charset=utf-8"),
    }
    assert re.fullmatch(r"/static/portal\.css\?v=[0-9a-f]{12}", files["portal.css"].url)
    assert b"<script" not in files["mark.svg"].body
