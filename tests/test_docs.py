"""The pages say what is true: settings, refusals, log events, links, commands, examples."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, UnionType
from typing import Annotated, get_args, get_origin

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.error_tree import list_errors
from tests.protocols.self_signing import PrivateKey, self_sign

import creditbridge
from creditbridge.access import model as access
from creditbridge.admission import rules as admission
from creditbridge.cli import GROUPS
from creditbridge.consents import ceilings, model as consents
from creditbridge.consents.model import ConsentInactive
from creditbridge.endpoints.problems import INTERNAL, PLAIN, status_of
from creditbridge.foundation.clock import SystemClock
from creditbridge.foundation.errors import CreditbridgeError
from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.platforms import model as platforms
from creditbridge.protocols import signature_base, signature_checks, signature_profile
from creditbridge.protocols.http_signatures import (
    BANK_REQUEST,
    BANK_RESPONSE,
    Request,
    Response,
    sign_response,
    verify_request,
)
from creditbridge.protocols.jwk import parse_jwk
from creditbridge.protocols.self_signed import read_registered
from creditbridge.settings import Settings

PROJECT = Path(__file__).parents[1]
DOCS = PROJECT / "docs"
PAGES = sorted([*PROJECT.glob("*.md"), *DOCS.glob("**/*.md"), PROJECT / "certs_example/README.md"])
TOKEN_PAGE = "journeys/bank-token.md"
ASKING_PAGE = "journeys/bank-authorize.md"
SOURCE = Path(creditbridge.__file__).parent

LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)")  # relative ones
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PATH = re.compile(r"`((?:tests|src|docs|contracts|certs_example)/[^`\s…]+)`")
MAKE = re.compile(r"(?:`|^)make ([a-z-]+)", re.MULTILINE)
COMMAND = re.compile(r"(?:`|^)creditbridge ([a-z-]+)", re.MULTILINE)
REFUSAL = re.compile(r"^\| ([0-9]{3}) \| `([a-z-]+)` \|", re.MULTILINE)
SETTING = re.compile(r"^\| `([a-z0-9_.]+)` \| ([^|]+) \|", re.MULTILINE)
MARK = re.compile(r"\b(?:TBD|TODO|FIXME|XXX+|(?!DISCOUNT\b)[A-Z]+COUNT)\b|\?\?\?")
# Not inside code, and not the address behind a link.
CAPITALS = re.compile(r"\b[A-Z]{2,}\b")
NO_PROSE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)", re.DOTALL)
PLAN = re.compile(r"^\| (?:`[a-z0-9-]+-test-plan`|the same) \|.*\| ([^|]*) \|$", re.MULTILINE)
LOGGED = re.compile(
    r'(?:\blog\.(?:info|warning|error|exception)|\bsay|\btell)\(\s*"([a-z_]+\.[a-z_]+)"'
)

WORDS_OF_THE_SUITE = {"CIBA", "FAPI", "IP", "JSON", "PKCE", "PKI", "SDK"} | {
    *("CVE", "JOSE", "JWE", "JWK", "JWS", "RFC", "RSA")
}
# Said by the doors themselves, before any error of the house.
BY_THE_DOORS = {("503", "overloaded"), ("500", INTERNAL[0])}


def read(name: str) -> str:
    """Return a page of `docs/`."""
    return (DOCS / name).read_text("utf-8")


def slug_of(heading: str) -> str:
    """Return the anchor that a heading gets where pages are shown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def list_settings(kind: type[msgspec.Struct], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Return every key under its dotted path, with its default as the page writes it."""
    for field in msgspec.structs.fields(kind):
        inner = struct_in(field.type)
        if inner is not None:
            yield from list_settings(inner, f"{prefix}{field.name}.")
            continue
        default = "none" if field.default is None else str(field.default)
        yield prefix + field.name, "needed" if field.default is msgspec.NODEFAULT else default


def struct_in(kind: object) -> type[msgspec.Struct] | None:
    """Return the struct that a key holds, one or several; None where it holds a plain value."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    if get_origin(kind) in {tuple, Annotated, UnionType}:
        return next(filter(None, map(struct_in, get_args(kind))), None)
    return None


def errors_of(*modules: ModuleType) -> dict[str, str]:
    """Return the codes of the errors that modules define, with the status of each."""
    found = [
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, CreditbridgeError)
        if one.__module__ == module.__name__
    ]
    return {one.code: str(status_of(one.__new__(one))) for one in found}


def all_errors() -> set[tuple[str, str]]:
    """Return status and code of every error of the house."""
    kinds = list_errors(CreditbridgeError)
    return {(str(status_of(kind.__new__(kind))), kind.code) for kind in kinds}


def load_example(name: str) -> ModuleType:
    """Return an example script as a module, without running it."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_setting_is_explained_with_its_default() -> None:
    """The tables of `operating.md` list the keys of `Settings`, no more and no fewer."""
    section = read("operating.md").partition("## Settings")[2].partition("\n## ")[0]

    assert dict(SETTING.findall(section)) == dict(list_settings(Settings))


def test_every_log_event_is_explained() -> None:
    """Whoever watches the log finds each event on the page, and none that does not exist."""
    section = read("operating.md").partition("## Logs")[2].partition("\n## ")[0]
    logged = {
        event for path in SOURCE.rglob("*.py") for event in LOGGED.findall(path.read_text("utf-8"))
    }
    explained = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", section))

    assert explained == logged


@pytest.mark.parametrize("page", ["bank-report.md", "bank-consent.md"])
def test_every_listed_refusal_exists_with_its_status(page: str) -> None:
    """A row of a table is an error of the house, or one that the doors say by themselves."""
    plain = {(str(status), code) for status, (code, _) in PLAIN.items()}
    listed = set(REFUSAL.findall(read(f"journeys/{page}")))

    assert listed
    assert listed - all_errors() - plain - BY_THE_DOORS == set()


@pytest.mark.parametrize(
    "module",
    [
        *(consents, admission, platforms),
        *(signature_base, signature_checks, signature_profile),
    ],
)
def test_every_refusal_of_a_report_is_listed(module: ModuleType) -> None:
    """What a rule on the way of a report may say stands on the bank's page."""
    page = read("journeys/bank-report.md")
    listed = {code: status for status, code in REFUSAL.findall(page)}
    # Each state of a consent has a code of its own; that of their common kind is never said.
    unsaid = {ConsentInactive.code}
    raised = {code: status for code, status in errors_of(module).items() if code not in unsaid}

    assert raised.items() <= listed.items()


def test_every_refusal_of_a_token_is_listed() -> None:
    """At a door among those of a report; in the words of OAuth for machines and for browsers."""
    door = {code for _, code in REFUSAL.findall(read("journeys/bank-report.md"))}
    pages = read(TOKEN_PAGE) + read(ASKING_PAGE)
    told = re.compile(r"^\| (?:[0-9]{3}|back|a page)[^|]* \| `([a-z_]+)` \|", re.MULTILINE)
    endpoint = set(told.findall(pages))
    oauth = list_errors(access.OAuthError)
    proofs = {access.TokenUnproven.code, access.NonceWanted.code}

    assert {one.oauth_code for one in oauth} == endpoint
    assert set(errors_of(access)) - {one.code for one in oauth} | proofs <= door


def test_every_refusal_of_a_request_for_consent_is_listed() -> None:
    """What the ceilings may say stands on the page of the request."""
    listed = {code: status for status, code in REFUSAL.findall(read("journeys/bank-consent.md"))}

    assert errors_of(ceilings).items() <= listed.items()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_and_path_leads_somewhere(page: Path) -> None:
    """Relative links, their anchors, and the files that a page names."""
    text = page.read_text("utf-8")

    for target, anchor in LINK.findall(text):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), target
        if anchor:
            headings = map(slug_of, HEADING.findall(file.read_text("utf-8")))
            assert anchor in set(headings), f"{target}#{anchor}"
    for named in PATH.findall(text):
        assert "NNNN" in named or list(PROJECT.glob(named.rstrip("/"))), named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_named_command_exists(page: Path) -> None:
    """`make` targets stand in the Makefile, commands of `creditbridge` in its groups."""
    text = page.read_text("utf-8")
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    assert set(MAKE.findall(text)) <= targets
    assert set(COMMAND.findall(text)) <= set(GROUPS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_no_page_keeps_a_mark_that_was_to_be_filled_in(page: Path) -> None:
    """Whoever left one meant to come back."""
    assert MARK.findall(page.read_text("utf-8")) == []


def test_the_suites_page_keeps_no_name_in_the_place_of_a_number() -> None:
    """A word in capitals is one of the trade, or stands where a count was to be filled in."""
    prose = NO_PROSE.sub("", read("conformance.md"))

    assert set(CAPITALS.findall(prose)) - WORDS_OF_THE_SUITE == set()


def test_every_plan_of_the_suite_says_how_many_modules_it_has() -> None:
    """By these numbers a reader sees that no module was left out."""
    counts = PLAN.findall(read("conformance.md"))

    assert len(counts) == 6
    assert all(re.fullmatch(r"[0-9]+(?:, [0-9]+)*", count) for count in counts), counts


@pytest.mark.parametrize("folder", ["journeys", "decisions"])
def test_every_page_is_in_its_folders_list(folder: str) -> None:
    """Nobody finds a page that no list names; each decision has a number of its own."""
    pages = sorted(path.name for path in (DOCS / folder).glob("*.md") if path.stem != "README")

    assert set(pages) <= {target for target, _ in LINK.findall(read(f"{folder}/README.md"))}
    if folder == "decisions":
        assert len({int(name[:4]) for name in pages}) == len(pages)


def test_the_examples_acts_are_those_that_the_pages_show() -> None:
    """The script's own page lists them, a journey shows each, and it takes no other."""
    bank = load_example("bank")
    source = (DOCS / "examples" / "bank.py").read_text("utf-8")
    pages = "".join(page.read_text("utf-8") for page in PAGES)
    (taken,) = re.findall(r'"act", choices=\[([^]]*)\]', source)

    listed = set(re.findall(r"bank\.py FOLDER ([a-z]+)", bank.__doc__ or ""))

    assert listed == set(re.findall(r"[a-z]+", taken))
    assert listed == set(re.findall(r"bank\.py \$DEMO ([a-z]+)", pages))


def test_the_examples_request_is_one_that_the_gateway_accepts() -> None:
    """The bank's client in one file signs as RFC 9421 and the house's profile want it."""
    bank, private = load_example("bank"), ec.generate_private_key(ec.SECP256R1())
    key = name_key(private.public_key())
    url, body = "https://bank.example/v1/reports", b'{"consent_id":"x"}'

    headers = bank.sign(
        "POST", url, {"authorization": "Bearer x", "idempotency-key": '"k"'}, body, private
    )

    request = Request(method="POST", target_uri=url, headers=tuple(headers.items()), body=body)
    verified = verify_request(request, BANK_REQUEST, {key.key_id: key}.get, now=SystemClock().now())
    assert verified.key_id == key.key_id


def test_the_example_believes_the_gateways_answer_to_its_own_request_only() -> None:
    """An altered body, and the answer to another request, are refused."""
    bank, private = load_example("bank"), ec.generate_private_key(ec.SECP256R1())
    gateway = FileKey(key=name_key(private.public_key()), private=private)
    url, body = "https://bank.example/v1/consents/x", b'{"state":"ACTIVE"}'
    sent = bank.sign("GET", url, {"authorization": "Bearer x"}, b"", private)
    request = Request(method="GET", target_uri=url, headers=tuple(sent.items()), body=b"")
    plain = (("content-type", "application/json"),)
    added = sign_response(
        Response(status=200, headers=plain, body=body),
        request,
        BANK_RESPONSE,
        gateway,
        created=int(SystemClock().now().timestamp()),
    )
    headers = dict((*plain, *added))
    asked = {"@method": "GET", "@target-uri": url, **sent}

    bank.require_signed_answer(200, headers, body, asked, private.public_key())
    with pytest.raises(ValueError, match="body"):
        bank.require_signed_answer(200, headers, body + b" ", asked, private.public_key())
    with pytest.raises(InvalidSignature):
        other = {**asked, "@target-uri": url + "y"}
        bank.require_signed_answer(200, headers, body, other, private.public_key())


def test_the_examples_jwk_is_one_that_an_onboarding_takes() -> None:
    """The key comes through unchanged, named by its thumbprint."""
    material = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = material.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    key = parse_jwk(load_example("jwk").jwk_of(pem))

    assert key.key_id == name_key(material).key_id


@pytest.mark.parametrize(
    "private",
    [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)],
    ids=["EC", "RSA"],
)
def test_A7_the_examples_certificate_is_one_that_an_onboarding_takes(private: PrivateKey) -> None:
    """As a bank makes it, named after its client."""
    made = self_sign(private=private)

    jwk = load_example("jwk").jwk_of(made.pem.partition(b"-----END PRIVATE KEY-----\n")[2])

    assert read_registered(jwk, client_id="north-lending").certificate.der == made.der
