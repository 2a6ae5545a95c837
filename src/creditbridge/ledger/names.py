"""Who is behind a reference: the personal part of an entry, erased without touching the rest.

In the ledger for ten years: add fields with a default, never rename.
"""

import msgspec


class BankName(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag="bank"):
    """Who is behind a bank's reference."""

    bank_id: str
    uscc: str
    legal_name: str


class EnterpriseName(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag="enterprise"):
    """Who is behind an enterprise's reference."""

    uscc: str
    name: str


class ConsentName(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag="consent"):
    """Which consent is behind its reference."""

    consent_id: str


class PersonName(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag="person"):
    """Who is behind a person's reference: an operator, or whoever speaks for an enterprise."""

    person_id: str
    name: str
    role: str


Name = BankName | EnterpriseName | ConsentName | PersonName
