"""Where the bank's door takes an id of something that is some bank's own, read from the contract.

An endpoint or a member that is added there joins by itself; one that nobody has classed is told.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from creditbridge.foundation.ids import Kind

CONTRACT = Path(__file__).parents[2] / "contracts" / "openapi.yaml"
METHODS = frozenset({"get", "post", "put", "patch", "delete"})
BANK_TAG = "bank"
JSON = "application/json"
# Members of bodies that name something of the house; every other text is the bank's own word.
IDS: Mapping[str, Kind] = {"consent_id": Kind.CONSENT, "supersedes": Kind.CONSENT}
WORDS = frozenset({"authorization_no", "business_id", "business_ref", "enterprise", "operator_id"})


class Schema(msgspec.Struct, frozen=True, rename={"ref": "$ref", "any_of": "anyOf"}):
    """What of a schema is of interest here."""

    ref: str | None = None
    type: str | list[str] | None = None
    pattern: str | None = None
    format: str | None = None
    enum: list[object] | None = None
    any_of: list["Schema"] = []
    properties: dict[str, "Schema"] = {}

    @property
    def is_text(self) -> bool:
        """Whether any text may stand here, so that an id may."""
        if self.any_of:
            return any(one.is_text for one in self.any_of)
        return self.type == "string" and self.enum is None and self.format is None


class Parameter(msgspec.Struct, frozen=True, rename={"ref": "$ref", "place": "in"}):
    """A parameter, or where it is described."""

    ref: str | None = None
    name: str = ""
    place: str = ""
    schema: Schema = Schema()


class Media(msgspec.Struct, frozen=True):
    """A body of one media type."""

    schema: Schema = Schema()


class Body(msgspec.Struct, frozen=True):
    """A request's body."""

    content: dict[str, Media] = {}


class Operation(msgspec.Struct, frozen=True, rename="camel"):
    """One method of one address."""

    operation_id: str
    tags: list[str] = []
    parameters: list[Parameter] = []
    request_body: Body = Body()


class Components(msgspec.Struct, frozen=True):
    """What is described once."""

    schemas: dict[str, Schema]
    parameters: dict[str, Parameter]


class Contract(msgspec.Struct, frozen=True):
    """The doors."""

    paths: dict[str, dict[str, object]]
    components: Components


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One id that one operation takes, in its address or as a member of its body."""

    operation: str
    method: str
    path: str
    name: str
    kind: Kind
    in_body: bool

    @property
    def title(self) -> str:
        """What the place is called in a test's name."""
        return f"{self.operation}-{self.name}"

    def target(self, own_id: str) -> str:
        """Return the address with an id in its place."""
        return self.path if self.in_body else self.path.replace(f"{{{self.name}}}", own_id)


def list_places() -> list[Place]:
    """Return every place of the bank's door that takes an id."""
    contract = msgspec.yaml.decode(CONTRACT.read_bytes(), type=Contract)
    return [
        place
        for path, item in contract.paths.items()
        for method, raw in item.items()
        if method in METHODS
        for operation in [msgspec.convert(raw, Operation)]
        if BANK_TAG in operation.tags
        for place in [
            *_list_of_path(contract, path, method, operation),
            *_list_of_body(contract, path, method, operation),
        ]
    ]


def _list_of_path(
    contract: Contract, path: str, method: str, operation: Operation
) -> Iterator[Place]:
    for given in operation.parameters:
        parameter = contract.components.parameters[_name(given.ref)] if given.ref else given
        if parameter.place != "path":
            continue
        kinds = [
            kind for kind in Kind if (parameter.schema.pattern or "").startswith(f"^{kind}_[0-7]")
        ]
        assert len(kinds) == 1, f"{path}: of which kind is {parameter.name}?"
        yield Place(
            operation=operation.operation_id,
            method=method.upper(),
            path=path,
            name=parameter.name,
            kind=kinds[0],
            in_body=False,
        )


def _list_of_body(
    contract: Contract, path: str, method: str, operation: Operation
) -> Iterator[Place]:
    media = operation.request_body.content.get(JSON, Media())
    schema = (
        contract.components.schemas[_name(media.schema.ref)] if media.schema.ref else media.schema
    )
    texts = {name for name, member in schema.properties.items() if member.is_text}
    unknown = texts - IDS.keys() - WORDS
    assert not unknown, (
        f"{operation.operation_id}: ids of the house, or the bank's words? {unknown}"
    )
    for name in sorted(texts & IDS.keys()):
        yield Place(
            operation=operation.operation_id,
            method=method.upper(),
            path=path,
            name=name,
            kind=IDS[name],
            in_body=True,
        )


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]
