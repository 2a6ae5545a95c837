"""A client authenticates by one method per request (RFC 6749, section 2.3)."""

from creditbridge.access.model import InvalidClient, InvalidRequest, TokenRequest

# What a request can carry to authenticate its client, beside the connection's certificate. That
# one may come along with any of them: it also binds the token (RFC 8705, section 3).
CREDENTIALS = ("client_secret", "client_assertion")


def require_one_method(request: TokenRequest) -> None:
    """Accept a request that authenticates its client by the connection alone.

    Raises:
        InvalidRequest: two methods at once.
        InvalidClient: a method that is not served: a shared secret, an assertion.
    """
    carried = sum(name in request.form for name in CREDENTIALS) + len(request.authorization)
    if carried > 1:
        raise InvalidRequest("Authenticate the client by one method, not by several.")
    if carried:
        raise InvalidClient(
            "This client authentication method is not served; "
            "token_endpoint_auth_methods_supported in the metadata lists them."
        )
