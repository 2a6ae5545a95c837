"""What the contracts promise about the sandbox is what the code does."""

import json
import tomllib
from pathlib import Path

import msgspec
from jsonschema import Draft202012Validator

from creditbridge.protocols.uscc import parse_uscc
from creditsandbox.app import Config
from creditsandbox.dialects.provincial.disputes import DECISIONS
from creditsandbox.dialects.provincial.messages import Grant, parse_query, require_grant
from creditsandbox.identity.people import list_people, password_of
from creditsandbox.province.fixed import Temper, list_acting, list_fixed
from creditsandbox.province.population import SEED, SIZE


def test_the_list_for_programs_is_that_of_the_code(contracts: Path) -> None:
    """Enterprises and people of `sandbox.json`, in order, are those that are served."""
    listed = json.loads((contracts / "sandbox.json").read_bytes())

    told = ("outcome", "uscc", "name", "zh", "en")
    assert (listed["seed"], listed["size"]) == (SEED, SIZE)
    assert [{name: row[name] for name in told} for row in listed["enterprises"]] == [
        {name: str(getattr(fixed, name)) for name in told} for fixed in list_fixed()
    ]
    assert [
        {name: row[name] for name in ("temper", *told)} for row in listed["representatives"]
    ] == [
        {name: str(getattr(acting, name)) for name in ("temper", *told)} for acting in list_acting()
    ]
    assert listed["people"] == [
        {**msgspec.to_builtins(person), "password": password_of(person.login_name)}
        for person in list_people()
    ]


def test_only_what_is_down_counts_nothing(contracts: Path) -> None:
    """Every outcome but DOWN is counted, failures of the answer included."""
    listed = json.loads((contracts / "sandbox.json").read_bytes())["enterprises"]

    assert {row["outcome"] for row in listed if not row["counted"]} == {"DOWN"}
    assert {row["outcome"]: row["platform_status"] for row in listed}["NOT_FOUND"] == 404


def test_each_answer_has_one_enterprise(contracts: Path) -> None:
    """Every temper once; `tests/house/test_representatives` holds each to its states."""
    listed = json.loads((contracts / "sandbox.json").read_bytes())["representatives"]

    assert [row["temper"] for row in listed] == list(Temper)
    assert all(parse_uscc(row["uscc"]).warnings == () for row in listed)


def test_what_is_decided_of_disputes_is_listed(contracts: Path) -> None:
    """By outcome and section, for programs and on the page."""
    listed = json.loads((contracts / "sandbox.json").read_bytes())["disputes"]
    page = (contracts / "sandbox.md").read_text(encoding="utf-8")

    assert [(row["outcome"], row["section"], row["decision"]) for row in listed] == [
        (str(outcome), str(section), str(decision))
        for (outcome, section), decision in DECISIONS.items()
    ]
    for row in listed:
        assert f"| {row['outcome']} | {row['section']} | {row['decision']} |" in page


def test_the_page_for_people_lists_the_same(contracts: Path) -> None:
    """Each code, outcome and log-in name stands in `sandbox.md`."""
    page = (contracts / "sandbox.md").read_text(encoding="utf-8")

    for fixed in list_fixed():
        assert f"| {fixed.outcome} | `{fixed.uscc}` | {fixed.zh} {fixed.en} |" in page
    for acting in list_acting():
        assert f"| {acting.temper} | `{acting.uscc}` | {acting.zh} {acting.en} |" in page
    for person in list_people():
        assert f"| `{person.login_name}` | {person.name} | {person.role} |" in page


def test_the_configuration_on_the_page_is_one(contracts: Path) -> None:
    """The TOML of `sandbox.md` is read as it stands."""
    page = (contracts / "sandbox.md").read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]

    config = msgspec.convert(
        tomllib.loads(example), Config, dec_hook=lambda _kind, value: Path(str(value))
    )

    assert config.provincial is not None
    assert config.provincial.platform_id == "provincial"
    assert config.identity is not None
    assert config.representatives is not None


def test_the_example_of_an_id_token_fits_its_schema(contracts: Path) -> None:
    """The example is valid, and a token without an enterprise is not."""
    schema = json.loads((contracts / "identity/id_token.schema.json").read_bytes())
    example = json.loads((contracts / "identity/id_token.example.json").read_bytes())
    validator = Draft202012Validator(schema)

    assert validator.is_valid(example)
    assert not validator.is_valid({**example, "enterprise": {}})


def test_the_contracts_own_query_and_grant_are_understood(contracts: Path) -> None:
    """The examples of the platform's contract are a query, and a grant that covers it."""
    examples = contracts / "platforms/provincial/examples"
    query = parse_query((examples / "query.json").read_bytes())
    grant = msgspec.json.decode((examples / "grant.json").read_bytes(), type=Grant)

    require_grant(
        grant,
        query,
        query_id=grant.query_id,
        platform_id="provincial",
        now=grant.expires_at.replace(minute=0, second=30),
    )
