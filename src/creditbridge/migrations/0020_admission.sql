-- Owned by admission: what is spent once. Rows go with time; nothing here is a record.

CREATE TABLE admission_keys (
    client_id text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    state text NOT NULL CHECK (state IN ('IN_FLIGHT', 'DECIDED')),
    reference text NOT NULL,
    taken_at timestamptz NOT NULL,
    deadline_at timestamptz NOT NULL,
    decided_at timestamptz,
    event_id text,
    receipt bytea,
    sealed bytea,
    body_until timestamptz,
    forget_at timestamptz,
    PRIMARY KEY (client_id, route, key),
    CHECK ((state = 'DECIDED') = (decided_at IS NOT NULL)),
    CHECK ((state = 'DECIDED') = (forget_at IS NOT NULL))
);
CREATE INDEX admission_keys_in_flight ON admission_keys (deadline_at) WHERE state = 'IN_FLIGHT';
CREATE INDEX admission_keys_sealed ON admission_keys (body_until) WHERE sealed IS NOT NULL;
CREATE INDEX admission_keys_forget ON admission_keys (forget_at) WHERE state = 'DECIDED';
CREATE INDEX admission_keys_reference ON admission_keys (reference) WHERE reference <> '';

CREATE TABLE admission_nonces (
    key_id text NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (key_id, digest)
);
CREATE INDEX admission_nonces_expiry ON admission_nonces (expires_at);

CREATE TABLE admission_business_ids (
    bank_id text NOT NULL,
    business_id text NOT NULL,
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    claimed_at timestamptz NOT NULL,
    PRIMARY KEY (bank_id, business_id)
);
