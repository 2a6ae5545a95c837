-- Owned by access: the tokens that are out. The secret is nowhere; its SHA-256 is the key.
CREATE TABLE access_tokens (
    token_digest bytea PRIMARY KEY CHECK (octet_length(token_digest) = 32),
    client_id text NOT NULL,
    bank_id text NOT NULL,
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    thumbprint text NOT NULL CHECK (octet_length(thumbprint) = 43),
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > issued_at)
);
CREATE INDEX access_tokens_by_bank ON access_tokens (bank_id, client_id);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);
