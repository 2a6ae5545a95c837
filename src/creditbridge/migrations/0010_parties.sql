-- Owned by parties: banks, clients and keys, enterprises and who speaks for them, operators.

-- One row, written by the bootstrap: whoever comes second finds it taken.
CREATE TABLE parties_house (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    opened_at timestamptz NOT NULL
);

CREATE TABLE parties_operators (
    operator_id text PRIMARY KEY,
    person_name text NOT NULL,
    person_key text NOT NULL UNIQUE,
    key_id text NOT NULL UNIQUE,
    jwk bytea NOT NULL,
    enrolled_at timestamptz NOT NULL
);

CREATE TABLE parties_changes (
    change_id text PRIMARY KEY,
    kind text NOT NULL,
    body bytea NOT NULL,
    proposed_by text NOT NULL REFERENCES parties_operators,
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    proposal_act bytea NOT NULL,
    proposal_act_digest bytea NOT NULL UNIQUE,
    proposal_signature bytea NOT NULL,
    approved_by text REFERENCES parties_operators,
    approved_at timestamptz,
    approval_act bytea,
    approval_signature bytea,
    applied_at timestamptz,
    CHECK (approved_by <> proposed_by),
    CHECK (num_nulls(approved_by, approved_at, approval_act, approval_signature) IN (0, 4)),
    CHECK (applied_at IS NULL OR approved_at IS NOT NULL)
);

CREATE TABLE parties_banks (
    bank_id text PRIMARY KEY,
    uscc text NOT NULL UNIQUE CHECK (uscc ~ '^[0-9ANY][0-9]{7}[0-9A-HJ-NPQRTUWXY]{10}$'),
    legal_name text NOT NULL,
    state text NOT NULL CHECK (state IN ('ACTIVE', 'SUSPENDED')),
    onboarded_at timestamptz NOT NULL,
    change_id text NOT NULL REFERENCES parties_changes
);

-- A certificate stands for one client, and a key for one: nothing is ever attributed to two.
CREATE TABLE parties_clients (
    client_id text PRIMARY KEY,
    bank_id text NOT NULL REFERENCES parties_banks,
    authentication text NOT NULL CHECK (authentication = 'tls_client_auth'),
    matcher_kind text NOT NULL,
    matcher_value text NOT NULL,
    scopes text[] NOT NULL,
    requires_signature boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('ACTIVE', 'SUSPENDED')),
    UNIQUE (matcher_kind, matcher_value)
);
CREATE INDEX parties_clients_by_bank ON parties_clients (bank_id);

CREATE TABLE parties_client_keys (
    key_id text PRIMARY KEY,
    client_id text NOT NULL REFERENCES parties_clients,
    thumbprint text NOT NULL UNIQUE,
    jwk bytea NOT NULL,
    registered_at timestamptz NOT NULL,
    ends_at timestamptz
);
CREATE INDEX parties_client_keys_by_client ON parties_client_keys (client_id);

CREATE TABLE parties_enterprises (
    enterprise_id text PRIMARY KEY,
    uscc text NOT NULL UNIQUE CHECK (uscc ~ '^[0-9ANY][0-9]{7}[0-9A-HJ-NPQRTUWXY]{10}$'),
    name text NOT NULL,
    kept_at timestamptz NOT NULL
);

CREATE TABLE parties_persons (
    person_id text PRIMARY KEY,
    issuer text NOT NULL,
    subject text NOT NULL,
    name text NOT NULL,
    UNIQUE (issuer, subject)
);

CREATE TABLE parties_representatives (
    person_id text NOT NULL REFERENCES parties_persons,
    uscc text NOT NULL REFERENCES parties_enterprises (uscc),
    role text NOT NULL CHECK (role IN ('LEGAL_REP', 'AGENT')),
    proof_digest bytea NOT NULL CHECK (length(proof_digest) = 32),
    enrolled_at timestamptz NOT NULL,
    ended_at timestamptz CHECK (ended_at >= enrolled_at)
);
CREATE UNIQUE INDEX parties_representatives_live
    ON parties_representatives (person_id, uscc) WHERE ended_at IS NULL;
