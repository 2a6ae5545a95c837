-- Owned by ledger: the keys that the house signs with, and signed with, of each purpose. The public
-- halves stay for ever: what they signed is verified years later.
CREATE TABLE ledger_house_keys (
    purpose text NOT NULL,
    key_id text NOT NULL,
    jwk bytea NOT NULL,
    announced_at timestamptz NOT NULL,
    use_from timestamptz NOT NULL CHECK (use_from >= announced_at),
    -- The event of its announcement; none where the house began with it.
    announced_by text UNIQUE,
    retired_at timestamptz CHECK (retired_at > use_from),
    retired_by text UNIQUE,
    PRIMARY KEY (purpose, key_id)
);
