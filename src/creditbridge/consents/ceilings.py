"""What a bank may ask an enterprise to consent to. Pure: the clock is an argument.

The ceilings are data with a name and a version, which the ledger records with each decision.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from creditbridge.consents.acts import ConsentRequest
from creditbridge.consents.letter_checks import require_letter
from creditbridge.consents.policy import Ceilings, ceilings_for
from creditbridge.foundation.errors import Malformed, Refused
from creditbridge.profile.codes import ConsentForm, Purpose, Until

TEXT_CHARACTERS_MAX = 64
CLIENTS_MAX = 32


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted request's instants, in UTC, and what it left to the house to say."""

    valid_from: datetime
    valid_to: datetime
    lapses_at: datetime
    recurring: bool
    retention_days: int


class RequestMalformed(Malformed):
    """A request names no purpose or section, or holds a text that is empty, long or unprintable."""

    code = "consent-request-malformed"
    message = (
        "A consent needs a purpose, a section, at least one query (exactly one where it does not "
        "recur), an authorization number of 1 to 64 printable characters, and at most 32 named "
        "clients."
    )


class DataClassesNotAllowed(Refused):
    """The house does not let banks ask for one of these classes of data."""

    code = "consent-data-classes-not-allowed"
    message = "A consent for one of these classes of data cannot be asked for here."


class RetentionNotAllowed(Refused):
    """The bank would keep the data longer than the ceiling."""

    code = "consent-retention-not-allowed"
    message = "The data cannot be kept that long."


class FormNotAllowed(Refused):
    """The house does not take a consent of this form, or the scan does not fit the form."""

    code = "consent-form-not-allowed"
    message = "A consent in this form cannot be asked for here; a scan goes with the paper form."


class FrequencyNotAllowed(Refused):
    """More looks in a day than the ceiling, or an interval longer than any term could be."""

    code = "consent-frequency-not-allowed"
    message = (
        "A consent cannot allow that many queries in one day, nor ask for a longer time between "
        "two than its longest term."
    )


class PurposeNotAllowed(Refused):
    """The house does not let banks ask for this purpose on the enterprise door."""

    code = "consent-purpose-not-allowed"
    message = "A consent for one of these purposes cannot be asked for here."


class SectionsNotAllowed(Refused):
    """The house does not let banks ask for one of these sections."""

    code = "consent-sections-not-allowed"
    message = "A consent for one of these sections cannot be asked for here."


class TermNotAllowed(Refused):
    """The term ends before it begins, begins in the past, or is longer than the ceiling."""

    code = "consent-term-not-allowed"
    message = (
        "The term must begin now or later, end after it begins, and be at most one year long; five "
        "where the end of the business ends it."
    )


class QueriesNotAllowed(Refused):
    """More uses than the ceiling."""

    code = "consent-queries-not-allowed"
    message = "A consent cannot allow that many queries."


class BusinessMissing(Refused):
    """Post-loan management, or a term until the business ends, names no business."""

    code = "consent-business-missing"
    message = "Post-loan management and a term until business ends need the business's reference."


def require_acceptable(request: ConsentRequest, ceilings: Ceilings, *, now: datetime) -> Term:
    """Return the term of a request that keeps every ceiling.

    Raises:
        RequestMalformed: its shape.
        Refused: the first ceiling, in the order below, that it exceeds.
    """
    _require_well_formed(request)
    ceilings = ceilings_for(ceilings, request.form)
    # Before anybody is asked: an enterprise should never see a request that the law forbids.
    if not request.purposes <= ceilings.purposes:
        raise PurposeNotAllowed
    if not request.sections <= ceilings.sections:
        raise SectionsNotAllowed
    if request.max_queries > ceilings.queries_max:
        raise QueriesNotAllowed
    _require_frequency(request, ceilings)
    if not request.data_classes <= ceilings.data_classes:
        raise DataClassesNotAllowed
    if (request.retention_days or 0) > ceilings.retention_days_max:
        raise RetentionNotAllowed
    _require_form(request, ceilings, now=now)
    _require_business(request)
    return _require_term(request, ceilings, now=now)


def _require_form(request: ConsentRequest, ceilings: Ceilings, *, now: datetime) -> None:
    is_scan, letter = request.form is ConsentForm.PAPER_SCAN, request.letter
    has_both = (request.document is not None, letter is not None)
    if request.form not in ceilings.forms or has_both != (is_scan, is_scan):
        raise FormNotAllowed
    if letter is not None:
        require_letter(request, letter, now=now)


def _require_frequency(request: ConsentRequest, ceilings: Ceilings) -> None:
    longest = timedelta(days=max(ceilings.validity_days_max, ceilings.hard_stop_days_max))
    is_too_long = (request.min_interval_seconds or 0) > longest.total_seconds()
    if (request.per_day or 0) > ceilings.per_day_max or is_too_long:
        raise FrequencyNotAllowed


def _require_business(request: ConsentRequest) -> None:
    needs_business = Purpose.POST_LOAN in request.purposes or request.until is Until.BUSINESS_END
    if needs_business and request.business_ref is None:
        raise BusinessMissing


def _require_well_formed(request: ConsentRequest) -> None:
    if not request.purposes or not request.sections or request.max_queries < 1:
        raise RequestMalformed
    # One look is one look: what says both would be read by each side in its own way.
    if request.recurring is False and request.max_queries > 1:
        raise RequestMalformed
    # What is said is at least one: a nought would be read as "as you like".
    figures = (request.per_day, request.min_interval_seconds, request.retention_days)
    if any(figure is not None and figure < 1 for figure in figures):
        raise RequestMalformed
    # The artefact is signed and kept for ten years: nothing in it may grow without end.
    if len(request.clients) > CLIENTS_MAX:
        raise RequestMalformed
    texts = (request.authorization_no, request.business_ref)
    if not all(_is_plain_text(text) for text in texts if text is not None):
        raise RequestMalformed


def _is_plain_text(text: str) -> bool:
    # `isprintable` refuses control and invisible characters, which an officer's screen would obey.
    return 0 < len(text) <= TEXT_CHARACTERS_MAX and text.isprintable() and text == text.strip()


def _require_term(request: ConsentRequest, ceilings: Ceilings, *, now: datetime) -> Term:
    valid_from = now if request.valid_from is None else request.valid_from
    length = request.valid_to - valid_from
    # Nobody consents backwards: a term in the past would cover looks already taken.
    is_by_term = request.until is Until.TERM
    days_max = ceilings.validity_days_max if is_by_term else ceilings.hard_stop_days_max
    if valid_from < now or not timedelta(0) < length <= timedelta(days=days_max):
        raise TermNotAllowed
    # Nobody can answer what lapsed before it was asked.
    if request.lapses_at is not None and request.lapses_at <= now:
        raise TermNotAllowed
    lapses_at = now + timedelta(days=ceilings.lapse_days)
    try:
        return Term(
            valid_from=valid_from.astimezone(UTC),
            valid_to=request.valid_to.astimezone(UTC),
            lapses_at=min(lapses_at, request.lapses_at or lapses_at).astimezone(UTC),
            recurring=request.max_queries > 1 if request.recurring is None else request.recurring,
            retention_days=request.retention_days or ceilings.retention_days_max,
        )
    except OverflowError as error:
        # The last hours of the year 9999, west of Greenwich: no instant in UTC.
        raise TermNotAllowed from error
