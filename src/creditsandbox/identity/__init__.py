"""A thin identity provider for people: OpenID Connect, authorization code with PKCE, no session."""
