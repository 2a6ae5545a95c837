"""By which suites exchanges are proven: one line each. A suite is a file beside this one."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from creditbridge.evidence import http_exchanges, sm2_exchanges
from creditbridge.evidence.examination import Examination
from creditbridge.ledger.model import ExchangeParts, SignatureSuite

Verify: TypeAlias = Callable[[Examination, ExchangeParts], None]


class SuiteChecks(msgspec.Struct, frozen=True):
    """How a suite's query and its answer are verified; each raises where one does not hold.

    Both sides sign under either suite. One whose answers nobody signs will say so here, and the
    step `answers` then rests on GATEWAY_ATTESTED.
    """

    verify_query: Verify
    verify_answer: Verify


SUITES: Mapping[SignatureSuite, SuiteChecks] = MappingProxyType(
    {
        SignatureSuite.HTTP_MESSAGE: SuiteChecks(
            http_exchanges.verify_query, http_exchanges.verify_answer
        ),
        SignatureSuite.SM2_MESSAGE: SuiteChecks(
            sm2_exchanges.verify_query, sm2_exchanges.verify_answer
        ),
    }
)
