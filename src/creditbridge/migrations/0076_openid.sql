-- Owned by access: what the ID token of a code tells beside the person (OpenID Connect Core 1.0,
-- section 2); kept only where the grant holds the scope `openid`.
ALTER TABLE access_codes
    ADD COLUMN authenticated_at timestamptz,
    ADD COLUMN nonce text CHECK (octet_length(nonce) <= 1024);
