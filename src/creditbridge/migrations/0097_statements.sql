-- Owned by ledger: the monthly statements that enterprises were given, byte for byte.
CREATE TABLE ledger_statements (
    statement_id text PRIMARY KEY,
    uscc text NOT NULL,
    month text NOT NULL CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    last bigint NOT NULL CHECK (last >= 0),
    document bytea NOT NULL,
    issued_at timestamptz NOT NULL,
    UNIQUE (uscc, month)
);
CREATE INDEX ledger_openings_enterprise ON ledger_openings (enterprise)
    WHERE enterprise IS NOT NULL;
