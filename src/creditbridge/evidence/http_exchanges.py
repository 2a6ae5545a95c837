"""What proves an exchange of HTTP messages, signed as in RFC 9421 (section 2.5: the bases)."""

from base64 import b64encode

from creditbridge.evidence.examination import Examination, require_key
from creditbridge.evidence.model import PackUntrue
from creditbridge.ledger.model import ExchangeParts
from creditbridge.protocols.http_signatures import PLATFORM_ANSWER, PLATFORM_QUERY, verify_base


def verify_query(examination: Examination, exchange: ExchangeParts) -> None:
    """Accept that the gateway signed the query, with this id and this grant in it.

    Raises:
        PackUntrue: no such key is pinned, or the query carries another grant or id.
        SignatureInvalid: the signature does not hold.
    """
    pins = examination.pins
    find_key = pins.finder(pins.file.query_keys, examination.subject.index)
    key = require_key(find_key, exchange.query_key_id, exchange.platform)
    base = verify_base(exchange.query_base, exchange.query_signature, key, profile=PLATFORM_QUERY)
    carried = (base.find_value("creditbridge-query-id"), base.find_value("creditbridge-consent"))
    # The grant lies beside the query in the pack: it must be the one that was signed.
    if carried != (exchange.query_id, _byte_sequence(exchange.grant)):
        raise PackUntrue(detail=f"{exchange.platform}: the query carries another grant or id")


def verify_answer(examination: Examination, exchange: ExchangeParts) -> None:
    """Accept that the platform signed its answer, bound to this query.

    Raises:
        PackUntrue: no such key is pinned, or the answer is bound to another query.
        SignatureInvalid: the signature does not hold.
    """
    pins = examination.pins
    named = pins.file.platform_keys.get(exchange.platform, ())
    find_key = pins.finder(named, examination.subject.index)
    key = require_key(find_key, exchange.answer_key_id, exchange.platform)
    base = verify_base(
        exchange.answer_base or b"", exchange.answer_signature or b"", key, profile=PLATFORM_ANSWER
    )
    query = _byte_sequence(exchange.query_signature)
    # An answer to another query would be as well signed; this binds it to ours (section 2.4).
    bound = [value for name, value in base.components if name.startswith("signature;req")]
    if bound != [query]:
        raise PackUntrue(detail=f"{exchange.platform}: the answer is bound to another query")


def _byte_sequence(raw: bytes) -> str:
    """Return a byte sequence as a header holds it (RFC 9651, section 3.3.5)."""
    return f":{b64encode(raw).decode('ascii')}:"
