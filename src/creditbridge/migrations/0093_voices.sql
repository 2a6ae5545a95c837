-- Owned by parties: one natural person whatever their accounts, and how far an agent may go.
ALTER TABLE parties_persons
    ADD COLUMN person_key bytea UNIQUE CHECK (octet_length(person_key) = 32);

-- An agent without an appointment has no limits and may not approve: the default of both columns.
ALTER TABLE parties_representatives
    ADD COLUMN may_approve boolean NOT NULL DEFAULT false,
    ADD COLUMN purposes text[] CHECK (cardinality(purposes) > 0),
    ADD COLUMN sections text[] CHECK (cardinality(sections) > 0),
    ADD COLUMN days_max integer CHECK (days_max > 0),
    ADD COLUMN queries_max integer CHECK (queries_max > 0),
    ADD COLUMN ends_at timestamptz,
    ADD COLUMN document_kind text,
    ADD COLUMN document_digest bytea CHECK (octet_length(document_digest) = 32),
    ADD COLUMN document_issuer text,
    ADD COLUMN document_valid_until timestamptz,
    ADD COLUMN appointed_by text REFERENCES parties_persons,
    ADD COLUMN appointed_at timestamptz,
    ADD COLUMN end_reason text CHECK (end_reason IN ('ROLE', 'ENTERPRISE', 'SUCCESSOR', 'REGISTER')),
    ADD COLUMN entry text,
    ADD CHECK (num_nulls(purposes, sections, days_max, queries_max, ends_at, document_kind,
        document_digest, document_issuer, document_valid_until, appointed_by, appointed_at)
        IN (0, 11)),
    ADD CHECK (NOT may_approve OR appointed_at IS NOT NULL);
CREATE INDEX parties_representatives_by_enterprise ON parties_representatives (uscc, enrolled_at);
