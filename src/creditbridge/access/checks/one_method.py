"""A client authenticates by one method per request (RFC 6749, section 2.3)."""

from creditbridge.access.model import ASSERTION, ClientRequest, InvalidClient, InvalidRequest

# What a request can carry to authenticate its client, beside the connection's certificate. That
# one may come along with any of them: it also binds the token (RFC 8705, section 3).
CREDENTIALS = ("client_secret", ASSERTION)


class MethodsMixed(InvalidRequest):
    """Two ways of client authentication in one request."""

    message = "Authenticate the client by one method, not by several."


class MethodUnserved(InvalidClient):
    """A shared secret, which proves nothing here (FAPI 2.0, section 5.3.2.1)."""

    message = (
        "This client authentication method is not served; "
        "token_endpoint_auth_methods_supported in the metadata lists them."
    )


def require_one_method(request: ClientRequest) -> None:
    """Accept a request that authenticates its client by the connection, or by one assertion.

    Raises:
        MethodsMixed: two methods at once.
        MethodUnserved: a method that is not served.
    """
    carried = sum(name in request.form for name in CREDENTIALS) + len(request.authorization)
    # With two, one check might accept what the other should have refused (RFC 6749, section 2.3).
    if carried > 1:
        raise MethodsMixed
    if carried and ASSERTION not in request.form:
        raise MethodUnserved
