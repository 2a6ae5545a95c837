"""`serve --conformance` and `conformance-config`: what the suite begins with holds before it."""

from collections.abc import Callable
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
from tests.conformance.stand import RunningStand

from creditbridge.cli.conformance.cast import VARIANTS, Constraint, Proof

pytestmark = pytest.mark.xdist_group("conformance")


@pytest.mark.parametrize("client_of", [first_of, second_of])
@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_each_client_gets_a_token_and_reads_the_resource(
    name: str,
    client_of: Callable[[Configuration], tuple[Credentials, Pem]],
    stand: RunningStand,
    tmp_path: Path,
) -> None:
    """With what the configuration says and nothing else; no signature, no idempotency key."""
    configuration = stand.read_configuration(name)
    credentials, pem = client_of(configuration)
    client = Client(configuration, credentials, pem, folder=tmp_path, authority=stand.authority)
    asserts = VARIANTS[name].proof is Proof.PRIVATE_KEY_JWT
    proves = VARIANTS[name].constraint is Constraint.DPOP

    asked = client.ask_token(proves=proves, **(client.sign_assertion() if asserts else {}))
    token = msgspec.json.decode(asked.body, type=dict[str, object])
    answer = client.read_resource(str(token["access_token"]), proves=proves)

    assert asked.status == 200
    assert answer.status == 200
    assert dict(answer.headers)["content-type"] == "application/json"
    assert msgspec.json.decode(answer.body) == {"consents": []}


def test_no_two_clients_share_a_key_or_a_certificate(stand: RunningStand) -> None:
    """Or the suite could not show that what belongs to one is refused to the other."""
    found = [stand.read_configuration(name) for name in VARIANTS]

    keys = [
        one.jwks["keys"][0].get("n") or one.jwks["keys"][0]["x"]
        for each in found
        for one in (each.client, each.client2)
    ]
    certificates = [one.cert for each in found for one in (each.mtls, each.mtls2)]

    assert len(set(keys)) == len(keys)
    assert len(set(certificates)) == len(certificates)
