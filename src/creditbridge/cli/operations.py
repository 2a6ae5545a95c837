"""The operations door from outside: plain HTTP, on this machine only."""

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

import msgspec

from creditbridge.foundation.errors import Unavailable

ANSWER_SECONDS = 15.0
ANSWER_BYTES_MAX = 4_194_304
OK_MAX = 299


class DoorUnavailable(Unavailable):
    """Nobody answers at the operations door."""

    code = "operations-door-unavailable"
    message = "The gateway's operations door does not answer; is it running on this machine?"


def call(port: int, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    """Return status and body of one call.

    Raises:
        DoorUnavailable: no answer.
    """
    # Never another host: the door has no certificate, and who reaches it is believed to be here.
    connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    raw = b"" if body is None else msgspec.json.encode(body)
    headers = {} if body is None else {"content-type": "application/json"}
    try:
        connection.request(method, path, body=raw, headers=headers)
        answer = connection.getresponse()
        # Whoever else listens on that port must not fill the memory.
        return answer.status, answer.read(ANSWER_BYTES_MAX)
    except (OSError, HTTPException) as error:
        raise DoorUnavailable(detail=f"port {port}: {error}") from error
    finally:
        connection.close()


def call_json(port: int, method: str, path: str, body: object = None) -> Mapping[str, object]:
    """Return the members of the answer; a refusal's are a problem with its `status`.

    Raises:
        DoorUnavailable: no answer, or one that is not the gateway's.
    """
    _, raw = call(port, method, path, body)
    try:
        return msgspec.json.decode(raw, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise DoorUnavailable(detail=f"port {port}: not the gateway's answer") from error
