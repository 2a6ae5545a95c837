-- Owned by ledger: a month with more entries than one document holds is stated in parts; every part but the last goes on, and
-- says from which instant on the next one reads.
ALTER TABLE ledger_statements
    ADD COLUMN part integer NOT NULL DEFAULT 1 CHECK (part > 0),
    ADD COLUMN goes_on_from timestamptz,
    DROP CONSTRAINT ledger_statements_uscc_month_key,
    ADD UNIQUE (uscc, month, part);

-- Months of which every enterprise has its statement: nobody is looked for any more.
CREATE TABLE ledger_statements_done (month text PRIMARY KEY);
