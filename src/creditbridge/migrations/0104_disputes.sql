-- Owned by disputes: what enterprises dispute of records, until it is answered. What a person
-- wrote, and the number of the record at its source, stand sealed in `words`.

CREATE TABLE disputes (
    dispute_id text PRIMARY KEY,
    uscc text NOT NULL,
    person_id text NOT NULL,
    report_id text NOT NULL,
    record_id text NOT NULL,
    platform text NOT NULL,
    section text NOT NULL,
    ground text NOT NULL,
    words bytea NOT NULL,
    state text NOT NULL
        CHECK (state IN ('FILED', 'ACCEPTED', 'REJECTED', 'ANSWERED', 'REVIEW', 'CLOSED')),
    version integer NOT NULL DEFAULT 1,
    filed_at timestamptz NOT NULL,
    passed_at timestamptz,
    is_extended boolean NOT NULL DEFAULT false,
    answered_at timestamptz,
    outcome text,
    review_at timestamptz,
    closed_at timestamptz,
    review_outcome text,
    tries integer NOT NULL DEFAULT 0,
    try_at timestamptz NOT NULL,
    CHECK ((outcome IS NULL) = (answered_at IS NULL)),
    CHECK ((state IN ('REJECTED', 'CLOSED')) = (closed_at IS NOT NULL))
);
-- Of N who dispute the same record at once, one does.
CREATE UNIQUE INDEX disputes_open ON disputes (uscc, record_id)
    WHERE state NOT IN ('REJECTED', 'CLOSED');
CREATE INDEX disputes_by_enterprise ON disputes (uscc, dispute_id);
CREATE INDEX disputes_due ON disputes (try_at) WHERE state IN ('FILED', 'ACCEPTED', 'REVIEW');
