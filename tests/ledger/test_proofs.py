"""Proofs as they are kept for ten years."""

import msgspec
import pytest

from creditbridge.ledger.model import HttpExchange, Proofs, RequestProof, Sm2Exchange
from creditbridge.ledger.proofs import EXCHANGES, decode_proofs

PARTS: dict[str, object] = {
    "platform": "provincial",
    "query_id": "qry_1",
    "query_base": b"query",
    "query_signature": b"signature",
    "query_key_id": "ours",
    "grant": b"{}",
}


def test_an_exchange_kept_before_there_were_two_suites_is_one_of_http_messages() -> None:
    """It has no tag; the answer's part may be absent."""
    kept = msgspec.json.encode({"request": {"body": b"{}"}, "exchanges": [PARTS]})

    proofs = decode_proofs(kept)

    assert proofs.request == RequestProof(body=b"{}")
    assert proofs.exchanges == (msgspec.convert(PARTS, HttpExchange),)


@pytest.mark.parametrize("kind", [HttpExchange, Sm2Exchange])
def test_an_exchange_comes_back_under_its_suite(kind: type[HttpExchange | Sm2Exchange]) -> None:
    """The tag is kept beside it."""
    proofs = Proofs(exchanges=(msgspec.convert(PARTS, kind),))

    assert decode_proofs(msgspec.json.encode(proofs)) == proofs


def test_a_suite_that_nobody_knows_is_refused() -> None:
    """What a later version keeps is not read as something else."""
    kept = msgspec.json.encode({"exchanges": [{**PARTS, "suite": "LATER"}]})

    with pytest.raises(msgspec.ValidationError):
        decode_proofs(kept)


def test_each_suite_has_its_shape() -> None:
    """The registry and the tags agree."""
    assert {suite: kind.__struct_config__.tag for suite, kind in EXCHANGES.items()} == {
        suite: suite.value for suite in EXCHANGES
    }
