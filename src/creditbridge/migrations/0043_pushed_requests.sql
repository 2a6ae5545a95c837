-- Owned by access: what clients pushed and no person has decided yet. Its address is nowhere; the
-- address's SHA-256 is the key.
CREATE TABLE access_pushed_requests (
    uri_digest bytea PRIMARY KEY CHECK (octet_length(uri_digest) = 32),
    client_id text NOT NULL,
    pushed bytea NOT NULL,
    pushed_at timestamptz NOT NULL,
    opened_at timestamptz,
    expires_at timestamptz NOT NULL CHECK (expires_at > pushed_at)
);
CREATE INDEX access_pushed_requests_by_expiry ON access_pushed_requests (expires_at);
