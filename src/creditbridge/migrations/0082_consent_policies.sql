-- Owned by consents: how far a consent may reach, version after version, each signed as it was.
CREATE TABLE consent_policies (
    version integer PRIMARY KEY CHECK (version >= 1),
    use_from timestamptz NOT NULL,
    policy bytea NOT NULL,
    signature bytea NOT NULL CHECK (length(signature) = 64),
    key_id text NOT NULL,
    change_id text
);
