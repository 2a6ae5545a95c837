-- Owned by notices: what enterprises are told, where the people who speak for them get mail, and
-- the mail that is on its way. No address stands in the clear.

CREATE TABLE notices (
    notice_id text PRIMARY KEY,
    uscc text NOT NULL,
    person_id text,
    kind text NOT NULL,
    once text NOT NULL,
    about text NOT NULL,
    bank_name text,
    purposes text[] NOT NULL,
    told_at timestamptz NOT NULL,
    UNIQUE (uscc, kind, once)
);
CREATE INDEX notices_by_enterprise ON notices (uscc, notice_id);
CREATE INDEX notices_by_age ON notices (told_at);

CREATE TABLE notice_reads (
    notice_id text NOT NULL REFERENCES notices ON DELETE CASCADE,
    person_id text NOT NULL,
    PRIMARY KEY (notice_id, person_id)
);

-- One row per person and enterprise: an address belongs to the authority, and goes with it.
CREATE TABLE notice_people (
    person_id text NOT NULL,
    uscc text NOT NULL,
    language text NOT NULL,
    wants_looks boolean NOT NULL DEFAULT false,
    address bytea,
    asked bytea,
    asked_until timestamptz,
    tries integer NOT NULL DEFAULT 0,
    codes integer NOT NULL DEFAULT 0,
    codes_since timestamptz,
    PRIMARY KEY (person_id, uscc),
    CHECK ((asked IS NULL) = (asked_until IS NULL))
);
CREATE INDEX notice_people_by_enterprise ON notice_people (uscc);

CREATE TABLE notice_mails (
    mail_id text PRIMARY KEY,
    notice_id text REFERENCES notices ON DELETE CASCADE,
    person_id text NOT NULL,
    uscc text NOT NULL,
    state text NOT NULL CHECK (state IN ('WAITING', 'SENT', 'PARKED', 'DROPPED')),
    tries integer NOT NULL DEFAULT 0,
    try_at timestamptz NOT NULL,
    ended_at timestamptz,
    failure text,
    CHECK ((state = 'WAITING') = (ended_at IS NULL))
);
CREATE INDEX notice_mails_waiting ON notice_mails (try_at) WHERE state = 'WAITING';
CREATE INDEX notice_mails_ended ON notice_mails (ended_at) WHERE state <> 'WAITING';

-- How far the log was read for looks: entries have one order there, and no gaps.
CREATE TABLE notice_reading (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    looks_to bigint NOT NULL CHECK (looks_to >= 0)
);
INSERT INTO notice_reading VALUES (true, 0);
