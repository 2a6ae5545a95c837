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


@pytest.mark.parametrize("variant", sorted(VARIANTS))
@pytest.mark.parametrize("judge", FOUND, ids=lambda judge: judge.name)
def test_a_foreign_client_gets_a_token_and_reads_the_resource(
    judge: Judge, variant: str, stand: RunningStand, tmp_path: Path
) -> None:
    """By discovery and client_credentials, checked by the client's own rules (G1, M1, M3)."""
    words = judge.require()
    configuration = tmp_path / "configuration.json"
    configuration.write_bytes(stand.print_configuration(variant))

    ended = subprocess.run(
        [*words, "client_credentials", variant, str(configuration), str(stand.authority)],
        capture_output=True,
        check=False,
        timeout=SECONDS_MAX,
    )

    assert ended.returncode == 0, ended.stderr.decode()
    told = msgspec.json.decode(ended.stdout, type=Told)
    assert told.token_type.lower() == ("dpop" if variant.endswith("dpop") else "bearer")
    assert (told.scope, told.expires_in) == ("consents reports", 300)
    assert not told.refresh_token
    assert (told.status, told.body) == (200, {"consents": []})
