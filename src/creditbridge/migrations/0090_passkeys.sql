-- Owned by login: the passkeys of people, and what a page asks one of them to sign. No passkey is
-- deleted: what it signed must verify for ten years, so its public key stays.
CREATE TABLE login_passkeys (
    passkey_id text PRIMARY KEY,
    person_id text NOT NULL,
    credential_id bytea NOT NULL CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    credential_digest bytea NOT NULL UNIQUE CHECK (octet_length(credential_digest) = 32),
    public_key bytea NOT NULL,
    name text NOT NULL,
    device_bound boolean NOT NULL,
    counter bigint NOT NULL CHECK (counter >= 0),
    state text NOT NULL CHECK (state IN ('ACTIVE', 'SUSPENDED', 'ENDED')),
    enrolled_at timestamptz NOT NULL,
    approves_from timestamptz NOT NULL CHECK (approves_from >= enrolled_at),
    enrolled_event text NOT NULL,
    used_at timestamptz,
    ended_at timestamptz,
    CHECK ((state = 'ACTIVE') = (ended_at IS NULL))
);
CREATE INDEX login_passkeys_by_person ON login_passkeys (person_id, passkey_id);

-- One row is one try: whoever takes it has spent it, whatever comes of it. A page that is opened
-- again replaces what it asked before.
CREATE TABLE login_signings (
    signing_id text PRIMARY KEY,
    session_digest bytea NOT NULL CHECK (octet_length(session_digest) = 32),
    subject text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('APPROVE', 'CONFIRM', 'ENROL')),
    person_id text NOT NULL,
    uscc text NOT NULL,
    signed bytea NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > made_at),
    UNIQUE (session_digest, subject)
);
CREATE INDEX login_signings_by_expiry ON login_signings (expires_at);

-- What two operators opened for a person who lost every passkey: one enrolment, for some days.
CREATE TABLE login_recoveries (
    person_id text PRIMARY KEY,
    change_id text NOT NULL,
    opened_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > opened_at)
);
