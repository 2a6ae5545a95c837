-- Owned by access: what people let clients have. A grant that ended has no row, and whatever was
-- given under it goes with the row, in the same commit. Secrets are nowhere, only their SHA-256.
CREATE TABLE access_grants (
    grant_id text PRIMARY KEY,
    client_id text NOT NULL,
    bank_id text NOT NULL,
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    details bytea NOT NULL,
    consent_ids text[] NOT NULL,
    person_id text NOT NULL,
    uscc text NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > made_at)
);
CREATE INDEX access_grants_by_bank ON access_grants (bank_id, client_id);
CREATE INDEX access_grants_by_consent ON access_grants USING gin (consent_ids);
CREATE INDEX access_grants_by_expiry ON access_grants (expires_at);

-- A spent code stays as long as its grant: so that its second use is known for what it is.
CREATE TABLE access_codes (
    code_digest bytea PRIMARY KEY CHECK (octet_length(code_digest) = 32),
    grant_id text NOT NULL REFERENCES access_grants ON DELETE CASCADE,
    client_id text NOT NULL,
    redirect_uri text NOT NULL,
    code_challenge text NOT NULL CHECK (octet_length(code_challenge) = 43),
    proof_key text CHECK (octet_length(proof_key) = 43),
    expires_at timestamptz NOT NULL,
    spent_at timestamptz
);
CREATE INDEX access_codes_by_grant ON access_codes (grant_id);
CREATE INDEX access_codes_unspent ON access_codes (expires_at) WHERE spent_at IS NULL;

CREATE TABLE access_refresh_tokens (
    token_digest bytea PRIMARY KEY CHECK (octet_length(token_digest) = 32),
    grant_id text NOT NULL REFERENCES access_grants ON DELETE CASCADE,
    client_id text NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX access_refresh_tokens_by_grant ON access_refresh_tokens (grant_id);
