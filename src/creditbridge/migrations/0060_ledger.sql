-- Owned by ledger. These tables only ever gain columns.

-- Random references, never derived, and the gapless counters that run under them.
CREATE TABLE ledger_references (
    kind text NOT NULL CHECK (kind IN ('bank', 'enterprise', 'consent', 'person')),
    subject text NOT NULL,
    reference text NOT NULL UNIQUE,
    entries bigint NOT NULL DEFAULT 0 CHECK (entries >= 0),
    last_commitment bytea CHECK (octet_length(last_commitment) = 32),
    PRIMARY KEY (kind, subject)
);

-- The log. intake_no orders what waits; it names nothing and may have gaps.
CREATE TABLE ledger_entries (
    event_id text PRIMARY KEY,
    intake_no bigint GENERATED ALWAYS AS IDENTITY,
    commitment bytea NOT NULL UNIQUE CHECK (octet_length(commitment) = 32),
    decided_at timestamptz NOT NULL,
    log_index bigint UNIQUE CHECK (log_index >= 0)
);
CREATE INDEX ledger_entries_waiting ON ledger_entries (intake_no) WHERE log_index IS NULL;

-- What opens an entry, sealed (AES-256-GCM); the columns beside it are for look-ups.
CREATE TABLE ledger_openings (
    event_id text PRIMARY KEY REFERENCES ledger_entries,
    kind text NOT NULL,
    bank text,
    enterprise text,
    consent text,
    person text,
    request_id text,
    key_id text NOT NULL,
    opening bytea NOT NULL,
    proofs bytea,
    receipt bytea NOT NULL
);
CREATE INDEX ledger_openings_request ON ledger_openings (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX ledger_openings_consent ON ledger_openings (consent) WHERE consent IS NOT NULL;
CREATE INDEX ledger_openings_person ON ledger_openings (person) WHERE person IS NOT NULL;

-- Names. Erasure empties the row, deletes its key and names the event that ordered it. The keys
-- stand apart so that a backup can leave them out.
CREATE TABLE ledger_personal (
    event_id text PRIMARY KEY REFERENCES ledger_openings,
    sealed bytea,
    erased_by text,
    CHECK ((sealed IS NULL) = (erased_by IS NOT NULL))
);
CREATE TABLE ledger_personal_keys (
    event_id text PRIMARY KEY,
    key_id text NOT NULL,
    wrapped bytea NOT NULL
);

-- An entry with everything that opens it; left joins, so that what is missing shows.
CREATE VIEW ledger_opened AS
    SELECT event_id, intake_no, commitment, decided_at, log_index, kind, bank, enterprise, consent,
        person, request_id, o.key_id, opening, proofs, receipt, sealed, erased_by,
        k.key_id AS personal_key_id, wrapped
    FROM ledger_entries LEFT JOIN ledger_openings AS o USING (event_id)
        LEFT JOIN ledger_personal USING (event_id)
        LEFT JOIN ledger_personal_keys AS k USING (event_id);

-- The tree: one row per tile, growing to 256 hashes (C2SP tlog-tiles), and the head they make.
CREATE TABLE ledger_tiles (
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    number bigint NOT NULL CHECK (number >= 0),
    hashes bytea NOT NULL CHECK (octet_length(hashes) BETWEEN 32 AND 8192),
    PRIMARY KEY (level, number)
);
CREATE TABLE ledger_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32)
);
INSERT INTO ledger_head VALUES (true, 0, sha256(''));
CREATE TABLE ledger_checkpoints (
    size bigint PRIMARY KEY,
    note text NOT NULL,
    signed_at timestamptz NOT NULL
);

-- Queries that may be on their way, and which node answers for them.
CREATE TABLE ledger_leases (
    node_id text PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 1,
    expires_at timestamptz NOT NULL
);
CREATE TABLE ledger_intents (
    intent_id text PRIMARY KEY,
    report_id text NOT NULL,
    bank_id text NOT NULL,
    client_id text NOT NULL,
    consent_id text NOT NULL,
    uscc text NOT NULL,
    query_id text NOT NULL UNIQUE,
    event_id text NOT NULL UNIQUE REFERENCES ledger_entries,
    deadline_at timestamptz NOT NULL,
    node_id text NOT NULL,
    epoch bigint NOT NULL,
    outcome text CHECK (outcome IN ('DELIVERED', 'REFUSED', 'NOT_SENT', 'UNKNOWN')),
    closed_at timestamptz,
    reconciled_at timestamptz,
    CHECK ((outcome IS NULL) = (closed_at IS NULL))
);
-- Withdrawn consents under which something may still run; the row goes with `consent.silenced`.
CREATE TABLE ledger_silences (
    consent_id text PRIMARY KEY,
    event_id text NOT NULL REFERENCES ledger_entries,
    withdrawn_at timestamptz NOT NULL
);
CREATE INDEX ledger_intents_open_of_consent ON ledger_intents (consent_id) WHERE outcome IS NULL;
CREATE INDEX ledger_intents_open ON ledger_intents (deadline_at) WHERE outcome IS NULL;
CREATE INDEX ledger_intents_unknown ON ledger_intents (closed_at)
    WHERE outcome = 'UNKNOWN' AND reconciled_at IS NULL;

-- What was recorded stays as it is: an entry gets its index once, nothing else changes.
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is not allowed: the ledger only grows', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER ledger_entries_index_once BEFORE UPDATE ON ledger_entries FOR EACH ROW
    WHEN (OLD.log_index IS NOT NULL OR NEW.log_index IS NULL
        OR (OLD.event_id, OLD.intake_no, OLD.commitment, OLD.decided_at)
        IS DISTINCT FROM (NEW.event_id, NEW.intake_no, NEW.commitment, NEW.decided_at))
    EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_entries_stay BEFORE DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_openings_stay BEFORE UPDATE OR DELETE ON ledger_openings
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_personal_erased_once BEFORE UPDATE ON ledger_personal FOR EACH ROW
    WHEN (OLD.sealed IS NULL OR NEW.sealed IS NOT NULL OR OLD.event_id <> NEW.event_id)
    EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_personal_stays BEFORE DELETE ON ledger_personal
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_entries_whole BEFORE TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_openings_whole BEFORE TRUNCATE ON ledger_openings
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
