"""For whom passkeys are made."""

import pytest

from creditbridge.login.passkeys.settings import PasskeySettings, relying_party
from creditbridge.protocols.webauthn_assertion import RelyingParty


@pytest.mark.parametrize(
    ("url", "rp_id", "origin"),
    [
        ("https://credit.example", "credit.example", "https://credit.example"),
        ("https://credit.example:443", "credit.example", "https://credit.example"),
        ("https://localhost:8444", "localhost", "https://localhost:8444"),
    ],
)
def test_the_people_door_is_the_relying_party(url: str, rp_id: str, origin: str) -> None:
    """Its host, and its origin with a port that is not the usual one."""
    found = relying_party(PasskeySettings(), url)

    assert found == RelyingParty(rp_id=rp_id, origins=(origin,))


def test_a_configured_relying_party_counts() -> None:
    """A parent domain, and several names of one portal."""
    settings = PasskeySettings(rp_id="example", origins=("https://a.example", "https://b.example"))

    found = relying_party(settings, "https://credit.example")

    assert (found.rp_id, found.origins) == ("example", ("https://a.example", "https://b.example"))
