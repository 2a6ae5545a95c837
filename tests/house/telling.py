"""What of an answer may differ between an unknown thing and another bank's."""

import msgspec

from creditbridge.cli.demo.bank import Exchange

# Ids, instants, and what is signed over them.
OWN_HEADERS = frozenset({"date", "x-fapi-interaction-id", "signature", "signature-input"})
OWN_HEADERS_OF_RECORDS = frozenset({"content-digest", "creditbridge-receipt", "content-length"})
OWN_MEMBERS = frozenset({"instance", "interaction_id"})


def tell_apart(exchange: Exchange) -> tuple[int, object, object]:
    """Return all of an answer by which two refusals could be told apart: status, headers, body."""
    answer = exchange.answer
    skipped = OWN_HEADERS | OWN_HEADERS_OF_RECORDS
    headers = sorted((name, value) for name, value in answer.headers if name not in skipped)
    names = sorted(name for name, _ in answer.headers)
    body = msgspec.json.decode(answer.body, type=dict[str, object])
    # The order of the members counts too: the bytes are the same but for the ids.
    told = [(name, "…" if name in OWN_MEMBERS else value) for name, value in body.items()]
    return answer.status, (headers, names, len(answer.body)), told


def outcome(exchange: Exchange) -> tuple[int, str]:
    """Return status and problem code, or no code where the answer is no problem."""
    kind = dict(exchange.answer.headers).get("content-type", "")
    return exchange.status, exchange.code if kind.startswith("application/problem") else ""
