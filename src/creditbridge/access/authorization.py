"""What a bank's machine asks a person for: an authorization request, checked (RFC 6749, 4.1.1).

It is pushed by the client (RFC 9126), shown to a person, and lies under the code that the person's
yes makes.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from creditbridge.parties.model import ResponseMode
from creditbridge.profile.codes import (
    DataClass,
    Product,
    Purpose,
    SectionCode,
    SubjectRole,
    Until,
)

CLIENTS_MAX = 32
QUERIES_MAX = 1_000_000
PER_DAY_MAX = 100
DAYS_MAX = 36_600
INTERVAL_SECONDS_MAX = 366 * 86_400

DetailText = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
DetailInstant = Annotated[datetime, msgspec.Meta(tz=True)]
DetailDays = Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)]


class DetailEnterprise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a detail is about; the name is what the bank knows, and is shown as such."""

    uscc: DetailText  # In its normal form, once it was checked.
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


# Stored with requests, codes and grants: add members with a default, never rename.
class ReportDetail(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One consent that a bank asks for, as `authorization_details` holds it (RFC 9396).

    Instants are RFC 3339, in any offset. Without `valid_from` the term begins with the person's
    yes; without `authorization_no` the house gives the consent a number.
    """

    type: Literal["credit_report"]
    enterprise: DetailEnterprise
    purposes: Annotated[tuple[Purpose, ...], msgspec.Meta(min_length=1, max_length=len(Purpose))]
    sections: Annotated[
        tuple[SectionCode, ...], msgspec.Meta(min_length=1, max_length=len(SectionCode))
    ]
    valid_to: DetailInstant
    max_queries: Annotated[int, msgspec.Meta(ge=1, le=QUERIES_MAX)]
    valid_from: DetailInstant | None = None
    clients: Annotated[tuple[DetailText, ...], msgspec.Meta(max_length=CLIENTS_MAX)] = ()
    business_ref: DetailText | None = None
    authorization_no: DetailText | None = None
    data_classes: Annotated[tuple[DataClass, ...], msgspec.Meta(max_length=len(DataClass))] = ()
    products: Annotated[tuple[Product, ...], msgspec.Meta(max_length=len(Product))] = ()
    roles: Annotated[tuple[SubjectRole, ...], msgspec.Meta(max_length=len(SubjectRole))] = ()
    recurring: bool | None = None
    per_day: Annotated[int, msgspec.Meta(ge=1, le=PER_DAY_MAX)] | None = None
    min_interval_seconds: Annotated[int, msgspec.Meta(ge=1, le=INTERVAL_SECONDS_MAX)] | None = None
    retention_days: DetailDays | None = None
    until: Until = Until.TERM
    supersedes: DetailText | None = None
    monitoring: bool = False


class GrantRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks a person for, however the answer comes back."""

    client_id: str
    bank_id: str
    scopes: frozenset[str]
    details: tuple[ReportDetail, ...] = ()


# Stored as JSON under a pushed request: add members with a default, never rename.
class AuthorizationRequest(GrantRequest, frozen=True, kw_only=True):
    """A request that keeps every rule; nobody has agreed to it yet.

    `proof_key` is the thumbprint of the DPoP key that alone may use the code (RFC 9449, section
    10), `code_challenge` is of method S256 (RFC 7636). `ui_locales` are the languages that the
    person reads, as the client knows it (OpenID Connect Core 1.0, section 3.1.2.1).
    """

    redirect_uri: str
    code_challenge: str
    response_mode: ResponseMode = ResponseMode.QUERY
    state: str | None = None
    nonce: str | None = None
    proof_key: str | None = None
    ui_locales: str | None = None
