-- Owned by login: tries to sign in, and the sessions of people who did. Secrets lie as SHA-256.
CREATE TABLE login_tries (
    state_digest bytea PRIMARY KEY CHECK (octet_length(state_digest) = 32),
    binding_digest bytea NOT NULL CHECK (octet_length(binding_digest) = 32),
    nonce text NOT NULL,
    code_verifier text NOT NULL,
    return_to text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX login_tries_by_expiry ON login_tries (expires_at);

CREATE TABLE login_sessions (
    cookie_digest bytea PRIMARY KEY CHECK (octet_length(cookie_digest) = 32),
    person_id text NOT NULL,
    uscc text NOT NULL,
    signed_in_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > signed_in_at)
);
CREATE INDEX login_sessions_by_person ON login_sessions (person_id);
CREATE INDEX login_sessions_by_end ON login_sessions (ends_at);
