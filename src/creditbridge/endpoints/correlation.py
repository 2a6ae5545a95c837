"""Every exchange has two names: the bank's interaction id (FAPI) and a trace (W3C Trace Context).

Neither is trusted for anything; both are echoed or made, bound to every log line, and forgotten.
Every answer to a client that is known also says how much it may still ask.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable

from litestar.enums import ScopeType
from litestar.types import Message, Receive, Scope, Send

from creditbridge.admission.model import Meter
from creditbridge.endpoints.exchange import METER
from creditbridge.foundation.logging import bind_log
from creditbridge.protocols.rate_limit_fields import (
    LIMIT_FIELD,
    POLICY_FIELD,
    write_limits,
    write_policies,
)

INTERACTION_HEADER = b"x-fapi-interaction-id"
TRACE_HEADER = b"traceparent"
_POLICY_HEADER, _LIMIT_HEADER = POLICY_FIELD.encode("ascii"), LIMIT_FIELD.encode("ascii")
VARIANTS = "89ab"
_UUID = re.compile(rb"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TRACE = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def interaction_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the caller's interaction id if it is one UUID, else a new one."""
    sent = [value for name, value in headers if name == INTERACTION_HEADER]
    # Echoed and logged, so only what can be nothing but a UUID (RFC 9562, section 4).
    if len(sent) == 1 and _UUID.fullmatch(sent[0]):
        return sent[0].decode("ascii")
    return _new_uuid()


def _new_uuid() -> str:
    # Written and not computed: a `UUID` costs as much as all else that names an exchange.
    digits = secrets.token_hex(16)
    variant = VARIANTS[ord(digits[16]) & 3]
    # The version and the variant (RFC 9562, section 5.4).
    return "-".join(
        (digits[:8], digits[8:12], f"4{digits[13:16]}", f"{variant}{digits[17:20]}", digits[20:])
    )


def traceparent_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the caller's trace with a span of our own, or a new trace."""
    sent = [value for name, value in headers if name == TRACE_HEADER]
    if len(sent) == 1 and _TRACE.fullmatch(sent[0]):
        return f"00-{sent[0][3:35].decode('ascii')}-{secrets.token_hex(8)}-01"
    drawn = secrets.token_hex(24)
    return f"00-{drawn[:32]}-{drawn[32:]}-01"


def _limits_of(scope: Scope) -> list[tuple[bytes, bytes]]:
    meter: object = scope["state"].get(METER)
    if not isinstance(meter, Meter) or not meter.allowances:
        return []
    return [
        (_POLICY_HEADER, write_policies(meter.allowances).encode("ascii")),
        (_LIMIT_HEADER, write_limits(meter.allowances).encode("ascii")),
    ]


class Correlation:
    """ASGI middleware that names each exchange and echoes the interaction id."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Name the exchange, then pass it on."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        headers = list(scope["headers"])
        interaction_id, traceparent = interaction_id_of(headers), traceparent_of(headers)
        scope["state"]["interaction_id"] = interaction_id
        scope["state"]["traceparent"] = traceparent

        async def _send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = [(INTERACTION_HEADER, interaction_id.encode("ascii"))]
                # A signed answer has the header already; twice it would be another than was signed.
                others = [pair for pair in message["headers"] if pair[0] != INTERACTION_HEADER]
                message["headers"] = [*others, *named, *_limits_of(scope)]
            await send(message)

        with bind_log(interaction=interaction_id, trace=traceparent[3:35]):
            await self.app(scope, receive, _send_named)
