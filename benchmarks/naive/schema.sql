CREATE TABLE tokens (
    token_hash bytea PRIMARY KEY, client_id text NOT NULL, thumbprint text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE TABLE nonces (key_id text, nonce text, PRIMARY KEY (key_id, nonce));
CREATE TABLE idempotency (
    client_id text, key text, fingerprint bytea NOT NULL, status int, body bytea,
    PRIMARY KEY (client_id, key)
);
CREATE TABLE consents (
    consent_id text PRIMARY KEY, client_id text NOT NULL, uscc text NOT NULL,
    purpose text NOT NULL, sections text[] NOT NULL, valid_to timestamptz NOT NULL,
    max_queries int NOT NULL, used int NOT NULL DEFAULT 0
);
CREATE TABLE intents (
    report_id text PRIMARY KEY, consent_id text NOT NULL, query_id text NOT NULL,
    request_digest bytea NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE deliveries (
    report_id text PRIMARY KEY, profile_digest bytea NOT NULL, answer_signature text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
