-- Owned by consents: what natural persons agreed to for themselves, apart from every enterprise.
-- Who is asked is whoever holds the position; who answered is a person of the house, by its own id.
CREATE TABLE consents_persons (
    person_consent_id text PRIMARY KEY,
    version integer NOT NULL CHECK (version >= 1),
    state text NOT NULL CHECK (state IN ('REQUESTED', 'ACTIVE', 'REFUSED', 'WITHDRAWN')),
    bank_id text NOT NULL,
    bank_uscc text NOT NULL,
    bank_name text NOT NULL,
    uscc text NOT NULL CHECK (uscc ~ '^[0-9ANY][0-9]{7}[0-9A-HJ-NPQRTUWXY]{10}$'),
    name text NOT NULL,
    position text NOT NULL,
    purposes text[] NOT NULL CHECK (cardinality(purposes) > 0),
    sections text[] NOT NULL CHECK (cardinality(sections) > 0),
    authorization_no text NOT NULL,
    requested_at timestamptz NOT NULL,
    lapses_at timestamptz NOT NULL,
    valid_to timestamptz NOT NULL CHECK (valid_to > requested_at),
    asked text,
    entry text,
    person_id text,
    decided_at timestamptz,
    ended_at timestamptz,
    template_id text,
    template_version text,
    text_digest bytea CHECK (octet_length(text_digest) = 32),
    artefact bytea,
    artefact_signature bytea CHECK (octet_length(artefact_signature) = 64),
    artefact_key_id text,
    UNIQUE (bank_id, authorization_no),
    CHECK ((state = 'REQUESTED') = (person_id IS NULL)),
    CHECK ((state = 'REQUESTED') = (decided_at IS NULL)),
    CHECK (state NOT IN ('ACTIVE', 'WITHDRAWN') OR artefact IS NOT NULL)
);
CREATE INDEX consents_persons_live ON consents_persons (bank_id, uscc) WHERE state = 'ACTIVE';
CREATE INDEX consents_persons_asked ON consents_persons (uscc) WHERE person_id IS NULL;
CREATE INDEX consents_persons_own ON consents_persons (person_id) WHERE person_id IS NOT NULL;

-- On whose consents a report rests: the repetition of a kept answer asks them again.
CREATE TABLE consents_person_uses (
    report_id text NOT NULL,
    person_consent_id text NOT NULL REFERENCES consents_persons,
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (report_id, person_consent_id)
);
CREATE INDEX consents_person_uses_by_consent ON consents_person_uses (person_consent_id, taken_at);
