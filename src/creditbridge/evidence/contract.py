"""The schemas of packs, pins files, statements and consent receipts, from the structs.

Write them anew after a change: `python -c "from creditbridge.evidence.contract import *;
write_contract('contracts/evidence-pack.schema.json');
write_statement_contract('contracts/statement.schema.json');
write_receipt_contract('contracts/consent-receipt.schema.json')"`.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from creditbridge.evidence.consent_receipts import ConsentReceipt
from creditbridge.evidence.model import ExchangeFile, Manifest
from creditbridge.evidence.pins import PinsFile
from creditbridge.evidence.statements import Statement
from creditbridge.ledger.model import Opening, Receipt
from creditbridge.protocols.canonical_json import JsonValue
from creditbridge.protocols.json_schema import DIALECT, pretty, without_null

STATEMENT_ID = "https://creditbridge.example/contracts/statement.schema.json"
RECEIPT_ID = "https://creditbridge.example/contracts/consent-receipt.schema.json"
SCHEMA_ID = "https://creditbridge.example/contracts/evidence-pack.schema.json"
# Members of ISO/IEC TS 27560:2023, and where a receipt says the same; null: it says nothing of it.
TS_27560: JsonValue = {
    "schema_version": "header.schema_version",
    "receipt_id": "header.receipt_id",
    "record_id": "header.record_id",
    "pii_principal_id": "header.grantor_id: an enterprise, of which the standard knows none",
    "privacy_notice": "processing.privacy_notice: the page that was shown, by its digest",
    "language": None,
    "purposes.purpose": "processing.purposes.purpose",
    "purposes.purpose_type": None,
    "purposes.lawful_basis": "processing.purposes.lawful_basis: the consent itself, always",
    "pii_information": "processing.information: mostly not about a natural person",
    "pii_information.sensitive_pii_category": "processing.information.data_classes: in our words",
    "pii_controllers": "parties of the role CONTROLLER",
    "collection_method": "processing.collection: from a scan of a letter; absent: given here",
    "processing_method": None,
    "storage_locations": None,
    "processing_locations": None,
    "geographic_restrictions": None,
    "retention_period": "processing.retention_period_days",
    "services": "processing.conditions.products and business_ref",
    "jurisdiction": "processing.jurisdiction",
    "recipient_third_parties": "processing.recipients: the bank itself, and no third party",
    "withdrawal_method": "processing.withdrawal_method",
    "privacy_rights": None,
    "codes_of_conduct": None,
    "impact_assessment": None,
    "authority_party": "the party of the role AUTHORITY",
    "party_id": "parties.party_id",
    "party_name": "parties.party_name",
    "party_role": "parties.party_role",
    "party_contact": "parties.contact and complaints: of the gateway's operator and the authority",
    "party_address": None,
    "party_email": None,
    "party_url": None,
    "party_phone": None,
    "event_time": "events.event_time",
    "validity_duration": "processing.conditions.valid_from and valid_to",
    "entity_id": "events.entity_id",
    "event_type": "events.event_type: the ledger's word",
    "event_state": "events.event_state, and header.record_state as of its issue",
}
FILES: Mapping[str, type[msgspec.Struct]] = {
    "manifest.json": Manifest,
    "entries/<index>/opening.json": Opening,
    "receipt.json": Receipt,
    "queries/<number>/exchange.json": ExchangeFile,
    "pins.json": PinsFile,
}


def pack_schema() -> JsonValue:
    """Return the schema: of the manifest at its root, of every other JSON file by `$defs`."""
    roots, parts = msgspec.json.schema_components(FILES.values(), ref_template="#/$defs/{name}")
    files: JsonValue = {name: root["$ref"] for name, root in zip(FILES, roots, strict=True)}
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        "title": "The manifest of an evidence pack, version 1; $defs hold its other JSON files",
        "$ref": "#/$defs/Manifest",
        "x-files": files,
        "$defs": {name: without_null(part) for name, part in parts.items()},
    }


def format_schema() -> bytes:
    """Return the file's bytes."""
    return pretty(pack_schema())


def write_contract(path: str) -> None:
    """Write the schema."""
    Path(path).write_bytes(format_schema())


def format_statement_schema() -> bytes:
    """Return the bytes of the file that describes a statement."""
    title = "A monthly statement of who looked at an enterprise, version 1"
    return pretty(_schema_of(Statement, STATEMENT_ID, title))


def write_statement_contract(path: str) -> None:
    """Write the schema of a statement."""
    Path(path).write_bytes(format_statement_schema())


def format_receipt_schema() -> bytes:
    """Return the bytes of the file that describes a consent receipt, and how ISO/IEC has it."""
    title = "A consent receipt, shaped as ISO/IEC TS 27560, version 1"
    schema = _schema_of(ConsentReceipt, RECEIPT_ID, title)
    return pretty({**schema, "x-iso-iec-ts-27560": TS_27560})


def write_receipt_contract(path: str) -> None:
    """Write the schema of a consent receipt."""
    Path(path).write_bytes(format_receipt_schema())


def _schema_of(kind: type[msgspec.Struct], schema_id: str, title: str) -> dict[str, JsonValue]:
    root, parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    return {
        "$schema": DIALECT,
        "$id": schema_id,
        "title": title,
        "$ref": root[0]["$ref"],
        "$defs": {name: without_null(part) for name, part in parts.items()},
    }
