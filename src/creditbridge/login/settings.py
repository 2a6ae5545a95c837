"""The identity provider, and who we are there."""

import msgspec

SCOPE = "openid profile enterprise"


class LoginSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`issuer` as the provider spells it; `redirect_uri` as it is registered there."""

    issuer: str
    client_id: str
    redirect_uri: str
