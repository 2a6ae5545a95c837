"""The consents that a request asks for: `authorization_details` of type `credit_report` (RFC 9396).

Read whole and strictly. A member that is passed over, a text that two readers read in two ways,
would be something that a person did not see and agreed to.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from creditbridge.access.authorization import ReportDetail
from creditbridge.access.pushed.model import DetailsFault, DetailsInvalid
from creditbridge.foundation.errors import Malformed
from creditbridge.protocols.strict_json import decode
from creditbridge.protocols.uscc import parse_uscc

DETAIL_TYPE = "credit_report"
DETAILS_MAX = 10
Details = tuple[ReportDetail, ...]


def read_details(text: str | None) -> tuple[ReportDetail, ...]:
    """Return what `authorization_details` asks for; nothing where it is absent.

    Raises:
        DetailsInvalid: no array of 1 to 10 details, an unknown type or member, a wrong code, more
            than one enterprise, or a number twice.
    """
    if text is None:
        return ()
    try:
        details = tuple(map(_with_normal_code, decode(text.encode(), Details)))
    except Malformed as error:
        raise DetailsInvalid(detail=f"{error.code}: {error.detail}") from error
    if not 0 < len(details) <= DETAILS_MAX:
        raise DetailsInvalid(detail=f"{len(details)} details")
    _require_one_decision(details)
    return details


def _with_normal_code(detail: ReportDetail) -> ReportDetail:
    # Any other spelling would be another enterprise to whoever compares.
    uscc = parse_uscc(detail.enterprise.uscc).value
    return replace(detail, enterprise=replace(detail.enterprise, uscc=uscc))


def _require_one_decision(details: Sequence[ReportDetail]) -> None:
    # One person decides on all of it, for one enterprise.
    if len({detail.enterprise.uscc for detail in details}) > 1:
        raise DetailsInvalid(DetailsFault.ENTERPRISES)
    numbers = [detail.authorization_no for detail in details]
    named = [number for number in numbers if number is not None]
    if len(set(named)) != len(named):
        raise DetailsInvalid(DetailsFault.NUMBERS)
