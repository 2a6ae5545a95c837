"""People's sign-in: an OpenID Connect client, and the sessions that begin with it."""
