"""The profile's part of the contracts is what the code says."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft202012Validator, ValidationError

from creditbridge.foundation.keys import FileKey, name_key
from creditbridge.profile.build import ProfileHeading, build_profile
from creditbridge.profile.codes import SectionCode
from creditbridge.profile.contract import contract_files, profile_schema, write_contracts
from creditbridge.profile.merge import merge
from creditbridge.profile.model import Extent, PresentSection, SourceAnswer
from creditbridge.profile.seal import seal_profile
from creditbridge.profile.sections import Evaluation, Listing, Penalty, Registration
from creditbridge.profile.suppression import suppress

CONTRACTS = Path(__file__).parents[2] / "contracts"


@pytest.mark.parametrize("name", list(contract_files()))
def test_a_file_of_the_contract_is_what_the_code_says(name: str) -> None:
    """After a change, write them anew as `profile/contract.py` says."""
    assert (CONTRACTS / name).read_bytes() == contract_files()[name]


def test_no_code_table_is_left_over() -> None:
    """A table that the code no longer holds is gone from the contract."""
    assert {f"codes/{path.name}" for path in (CONTRACTS / "codes").iterdir()} == {
        name for name in contract_files() if name.startswith("codes/")
    }


def test_the_files_are_written_where_they_belong(tmp_path: Path) -> None:
    """Folders are made."""
    write_contracts(str(tmp_path))

    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.json")}
    assert written == set(contract_files())


@pytest.fixture
def sealed(
    answer_of: Callable[..., SourceAnswer],
    present: Callable[..., PresentSection],
    extent: Extent,
    heading: ProfileHeading,
    request: pytest.FixtureRequest,
) -> dict[str, object]:
    """A sealed profile with a record of each kind, as JSON."""
    registration: Registration = request.getfixturevalue("registration")
    penalty: Penalty = request.getfixturevalue("penalty")
    listing: Listing = request.getfixturevalue("listing")
    evaluation: Evaluation = request.getfixturevalue("evaluation")
    sections = {
        SectionCode.REG: present(registration),
        SectionCode.PEN: present(penalty),
        SectionCode.LST: present(listing),
        SectionCode.EVA: present(evaluation),
    }
    served = suppress(merge([answer_of(sections)]), extent=extent, now=heading.generated_at)
    draft = build_profile(served, (), heading=heading)
    private = Ed25519PrivateKey.generate()
    signer = FileKey(key=name_key(private.public_key()), private=private)
    value: dict[str, object] = json.loads(seal_profile(draft, signer).raw)
    return value


def test_a_profile_is_valid_against_its_schema(sealed: dict[str, object]) -> None:
    """A record of every section, sealed."""
    Draft202012Validator.check_schema(profile_schema())
    Draft202012Validator(profile_schema()).validate(sealed)


@pytest.mark.parametrize("member", ["disclaimer", "seal", "sections", "flags", "sources"])
def test_a_profile_that_lacks_a_member_is_not(sealed: dict[str, object], member: str) -> None:
    """The disclaimer and the seal above all."""
    del sealed[member]

    with pytest.raises(ValidationError):
        Draft202012Validator(profile_schema()).validate(sealed)
