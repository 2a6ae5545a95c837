"""Clients that others wrote, unmodified, get a token and read the resource: second judges.

`make judges` fetches them, by locked versions, and runs these tests; elsewhere they are skipped.
"""

import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from tests.conformance.stand import RunningStand

from creditbridge.cli.conformance.cast import VARIANTS

JUDGES = Path(__file__).parent / "judges"
SECONDS_MAX = 60.0

pytestmark = pytest.mark.xdist_group("conformance")


class Judge(msgspec.Struct, frozen=True, kw_only=True):
    """A foreign client: the words that run it, and what must have been fetched for it."""

    name: str
    words: tuple[str, ...]
    fetched: Path

    def require(self) -> list[str]:
        """Return the words that run it, or skip the test, saying why."""
        program = shutil.which(self.words[0])
        if program is None or not self.fetched.exists():
            pytest.skip(f"not run: {self.name} is not here; `make judges` fetches it")
        return [program, *self.words[1:]]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a judge tells at its end."""

    token_type: str
    scope: str
    expires_in: int
    refresh_token: bool
    renewed: bool
    status: int
    body: dict[str, list[object]]


NODE, JAVA, GO = JUDGES / "node", JUDGES / "java", JUDGES / "go" / "build" / "judge"
FOUND = [
    Judge(
        name="openid-client",
        words=("node", str(NODE / "openid_client.mjs")),
        fetched=NODE / "node_modules" / "openid-client",
    ),
    Judge(
        name="oauth4webapi",
        words=("node", str(NODE / "oauth4webapi.mjs")),
        fetched=NODE / "node_modules" / "oauth4webapi",
    ),
    Judge(
        name="Nimbus' OAuth 2.0 SDK",
        words=("java", "-cp", str(JAVA / "lib" / "*"), str(JAVA / "Judge.java")),
        fetched=JAVA / "lib",
    ),
    Judge(name="golang.org/x/oauth2", words=(str(GO),), fetched=GO),
]
UNSIGNED = sorted(name for name, variant in VARIANTS.items() if not variant.asking)
# Go's library signs no requests.
WALKS = [
    *((judge, variant, "unsigned") for judge in FOUND for variant in UNSIGNED),
    *(
        (judge, variant, mode)
        for judge in FOUND[:-1]
        for variant in ("mtls+mtls+signed", "private_key_jwt+dpop+signed")
        for mode in ("signed", "jarm")
    ),
]
PERSON = {"login_name": "found", "password": "found-pass"}


def name_walk(part: object) -> str:
    """Return the name of a part of a walk."""
    return part.name if isinstance(part, Judge) else str(part)


def words_of(judge: Judge, variant: str, stand: RunningStand, folder: Path) -> list[str]:
    """Return how a judge is called, up to what only one of the grants takes."""
    words = judge.require()
    configuration = folder / "configuration.json"
    configuration.write_bytes(stand.print_configuration(variant))
    return [*words, variant, str(configuration), str(stand.authority)]


def insert_grant(words: list[str], grant: str) -> list[str]:
    """Return the words with the grant where a judge expects it."""
    return [*words[:-3], grant, *words[-3:]]


@pytest.mark.parametrize("variant", UNSIGNED)
@pytest.mark.parametrize("judge", FOUND, ids=lambda judge: judge.name)
def test_a_foreign_client_gets_a_token_and_reads_the_resource(
    judge: Judge, variant: str, stand: RunningStand, tmp_path: Path
) -> None:
    """By discovery and client_credentials, checked by the client's own rules (G1, M1, M3)."""
    words = insert_grant(words_of(judge, variant, stand, tmp_path), "client_credentials")

    ended = subprocess.run(words, capture_output=True, check=False, timeout=SECONDS_MAX)

    assert ended.returncode == 0, ended.stderr.decode()
    told = msgspec.json.decode(ended.stdout, type=Told)
    require_good(told, variant)
    assert not told.refresh_token


@pytest.mark.parametrize(("judge", "variant", "mode"), WALKS, ids=name_walk)
def test_a_foreign_client_walks_the_code_flow(
    judge: Judge, variant: str, mode: str, stand: RunningStand, tmp_path: Path
) -> None:
    """PAR, PKCE, JAR and JARM where wanted, code, refresh token: by the client's own rules."""
    words = insert_grant(words_of(judge, variant, stand, tmp_path), "authorization_code")
    with subprocess.Popen(
        [*words, stand.redirect_uri, mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked = msgspec.json.decode(process.stdout.readline(), type=dict[str, str])

        browser = stand.open_browser()
        page = browser.submit(browser.open(asked["open"]), "login-submit", **PERSON)
        back = browser.submit(page, "consent-approve").url
        printed, _ = process.communicate(f"{back}\n".encode(), timeout=SECONDS_MAX)

    assert process.returncode == 0
    told = msgspec.json.decode(printed, type=Told)
    require_good(told, variant)
    assert told.refresh_token
    assert told.renewed


def require_good(told: Told, variant: str) -> None:
    """Fail where a judge tells of another token or answer than it should have got."""
    assert told.token_type.lower() == ("dpop" if "dpop" in variant else "bearer")
    assert (told.scope, told.expires_in) == ("consents reports", 300)
    assert (told.status, told.body) == (200, {"consents": []})
