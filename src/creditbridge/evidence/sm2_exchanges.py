"""What proves an exchange under the SM suite: canonical strings, signed by SM2 with SM3."""

from creditbridge.evidence.examination import Examination
from creditbridge.evidence.model import PackUntrue
from creditbridge.ledger.model import ExchangeParts
from creditbridge.protocols.canonical_json import require_canonical
from creditbridge.protocols.sm2_message import digest_sm3, parse_answer, parse_request

QUERY_METHOD = "POST"


def verify_query(examination: Examination, exchange: ExchangeParts) -> None:
    """Accept that the gateway signed the query, whose body is this grant.

    Raises:
        PackUntrue: no such key is pinned, or another body was signed.
        SignatureInvalid: the signature does not hold, or is over no canonical string.
    """
    pins = examination.pins
    find_key = pins.sm2_finder(pins.file.query_keys, examination.subject.index)
    key = find_key(exchange.query_key_id)
    if key is None:
        raise PackUntrue(detail=f"{exchange.platform}: no such SM2 key is pinned for this index")
    key.verify(exchange.query_signature, exchange.query_base)
    signed = parse_request(exchange.query_base)
    # The id of the query stands in the grant: what was signed is the whole question.
    grant = require_canonical(exchange.grant)
    shown = grant.get("consent_digest") if isinstance(grant, dict) else None
    carried = (signed.method, signed.body_digest, signed.consent)
    if carried != (QUERY_METHOD, digest_sm3(exchange.grant), shown):
        raise PackUntrue(detail=f"{exchange.platform}: the query carries another grant or id")


def verify_answer(examination: Examination, exchange: ExchangeParts) -> None:
    """Accept that the platform signed its answer, bound to this question and its consent.

    Raises:
        PackUntrue: no such key is pinned, or the answer is bound to another query.
        SignatureInvalid: the signature does not hold, or is over no canonical string.
    """
    pins = examination.pins
    named = pins.file.platform_keys.get(exchange.platform, ())
    find_key = pins.sm2_finder(named, examination.subject.index)
    key = find_key(exchange.answer_key_id or "")
    if key is None:
        raise PackUntrue(detail=f"{exchange.platform}: no such SM2 key is pinned for this index")
    base = exchange.answer_base or b""
    key.verify(exchange.answer_signature or b"", base)
    asked, said = parse_request(exchange.query_base), parse_answer(base)
    # The platform names what it was asked by the digest of the whole question: query id,
    # enterprise, consent and sections, whichever attempt brought it and whichever poll asked again.
    bound = (said.question, said.app_id, said.consent)
    if bound != (digest_sm3(exchange.grant), asked.app_id, asked.consent):
        raise PackUntrue(detail=f"{exchange.platform}: the answer is bound to another query")
