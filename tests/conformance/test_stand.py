"""`serve --conformance` and `conformance-config`: what the suite begins with holds before it."""

import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import msgspec
import pytest
from tests.conformance.configured import (
    Client,
    Configuration,
    Credentials,
    Pem,
    first_of,
    second_of,
)
from tests.house.crew import Started, wait_until

from creditbridge.cli.conformance.cast import VARIANTS, Proof

RECIPE = Path(__file__).parents[2] / "certs_example" / "make.py"

pytestmark = pytest.mark.xdist_group("conformance")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A stand that is up, in its folder."""
    parent = tmp_path_factory.mktemp("conformance")
    log = parent / "stand.log"
    stand = Started(
        log,
        *("creditbridge", "serve", "--conformance", "--first-port", "0"),
        *("--folder", str(parent / "stand"), "--recipe", str(RECIPE)),
    )
    try:
        wait_until(lambda: not stand.is_running or "ready" in log.read_text())
        stand.require_running()
        yield parent / "stand"
    finally:
        stand.terminate()
        stand.wait()


def print_configuration(folder: Path, variant: str) -> Configuration:
    """Return what the command prints."""
    words = ["conformance-config", "--variant", variant, "--folder", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "creditbridge", *words], capture_output=True, check=True
    )
    return msgspec.json.decode(done.stdout, type=Configuration)


@pytest.mark.parametrize("client_of", [first_of, second_of])
@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_each_client_gets_a_token_and_reads_the_resource(
    name: str,
    client_of: Callable[[Configuration], tuple[Credentials, Pem]],
    folder: Path,
    tmp_path: Path,
) -> None:
    """With what the configuration says and nothing else; no signature, no idempotency key."""
    configuration = print_configuration(folder, name)
    authority = folder / "pki" / "ca" / "doors.pem"
    credentials, pem = client_of(configuration)
    client = Client(configuration, credentials, pem, folder=tmp_path, authority=authority)
    jwt = VARIANTS[name].proof is Proof.PRIVATE_KEY_JWT

    asked = client.ask_token(**(client.sign_assertion() if jwt else {}))
    token = msgspec.json.decode(asked.body, type=dict[str, object])
    answer = client.read_resource(str(token["access_token"]))

    assert asked.status == 200
    assert answer.status == 200
    assert dict(answer.headers)["content-type"] == "application/json"
    assert msgspec.json.decode(answer.body) == {"consents": []}


def test_the_two_clients_share_no_key_and_no_certificate(folder: Path) -> None:
    """Or the suite could not show that what belongs to one is refused to the other."""
    found = [print_configuration(folder, name) for name in VARIANTS]

    keys = [
        one.jwks["keys"][0].get("n") or one.jwks["keys"][0]["x"]
        for each in found
        for one in (each.client, each.client2)
    ]
    certificates = [one.cert for each in found for one in (each.mtls, each.mtls2)]

    assert len(set(keys)) == len(keys)
    assert len(set(certificates)) == len(certificates)
