-- Owned by parties: clients that ended for good, and suspensions, each by one operator's signed act.

ALTER TABLE parties_clients DROP CONSTRAINT parties_clients_state_check;
ALTER TABLE parties_clients ADD CONSTRAINT parties_clients_state_check
    CHECK (state IN ('ACTIVE', 'SUSPENDED', 'ENDED'));

-- An act suspends once: sent again after the suspension ended, it must not begin another.
CREATE TABLE parties_suspensions (
    act_digest bytea PRIMARY KEY,
    bank_id text NOT NULL REFERENCES parties_banks,
    suspended_by text NOT NULL REFERENCES parties_operators,
    suspended_at timestamptz NOT NULL,
    act bytea NOT NULL,
    signature bytea NOT NULL
);
