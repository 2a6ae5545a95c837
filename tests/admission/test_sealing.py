"""Kept answers open under their own name and key alone."""

import pytest
from msgspec.structs import replace

from creditbridge.admission.model import KeyName, Outcome
from creditbridge.admission.sealing import SealBroken, Sealer, SealingKeyUnusable


@pytest.fixture
def sealer() -> Sealer:
    """A sealer with a key of the test."""
    return Sealer(bytes(range(32)))


def test_what_was_sealed_is_opened(sealer: Sealer, name: KeyName, outcome: Outcome) -> None:
    """Status, headers, body and receipt come back as they were."""
    assert sealer.open(name, sealer.seal(name, outcome)) == outcome


def test_nothing_of_an_answer_shows(sealer: Sealer, name: KeyName, outcome: Outcome) -> None:
    """Neither body nor header stands in the sealed bytes, and no two seals are equal."""
    first, second = sealer.seal(name, outcome), sealer.seal(name, outcome)

    assert b"profile" not in first
    assert b"content-type" not in first
    assert first != second


@pytest.mark.parametrize(
    "other",
    [{"client_id": "branch"}, {"route": "POST /v1/batches"}, {"key": "k-2"}],
)
def test_one_rows_answer_does_not_open_as_anothers(
    sealer: Sealer, name: KeyName, outcome: Outcome, other: dict[str, str]
) -> None:
    """Fault 69: rows that a DBA swapped between tenants stay shut."""
    with pytest.raises(SealBroken):
        sealer.open(replace(name, **other), sealer.seal(name, outcome))


def test_parts_of_a_name_do_not_run_together(
    sealer: Sealer, name: KeyName, outcome: Outcome
) -> None:
    """A character moved from the client's id into the route makes another name."""
    moved = replace(name, client_id="loan", route="sPOST /v1/reports")

    with pytest.raises(SealBroken):
        sealer.open(moved, sealer.seal(name, outcome))


def test_every_changed_byte_breaks_the_seal(
    sealer: Sealer, name: KeyName, outcome: Outcome
) -> None:
    """Nonce, ciphertext and tag alike, and any shorter text."""
    sealed = sealer.seal(name, outcome)

    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(SealBroken):
            sealer.open(name, bytes(changed))
    for short in (b"", sealed[:12], sealed[:-1]):
        with pytest.raises(SealBroken):
            sealer.open(name, short)


def test_another_sealing_key_opens_nothing(sealer: Sealer, name: KeyName, outcome: Outcome) -> None:
    """After a change of the sealing key earlier answers are gone."""
    with pytest.raises(SealBroken):
        Sealer(bytes(32)).open(name, sealer.seal(name, outcome))


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_sealing_key_has_thirty_two_bytes(length: int) -> None:
    """A shorter AES key would be accepted by the cipher, but not by the house."""
    with pytest.raises(SealingKeyUnusable):
        Sealer(bytes(length))
