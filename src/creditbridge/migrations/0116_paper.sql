-- Letters on paper. Owned by parties: whether a bank's licence lets it lodge scans of them.
ALTER TABLE parties_banks
    ADD COLUMN paper boolean NOT NULL DEFAULT false CHECK (NOT paper OR purposes IS NOT NULL);

-- Owned by consents: what the letter says, as the canonical JSON that is signed with the artefact.
ALTER TABLE consents ADD COLUMN letter bytea;

-- One scan is one letter, whichever bank lodges it and whatever became of it.
CREATE UNIQUE INDEX consents_scans ON consents ((document[1])) WHERE form = 'PAPER_SCAN';
CREATE INDEX consents_letters ON consents (requested_at, consent_id) WHERE form = 'PAPER_SCAN';

-- Owned by consents: which operators confirmed a scan; a person, an account and a key count once.
CREATE TABLE consents_scans_confirmed (
    consent_id text NOT NULL,
    version integer NOT NULL,
    operator_id text NOT NULL,
    person_key text NOT NULL,
    key_id text NOT NULL,
    confirmed_at timestamptz NOT NULL,
    PRIMARY KEY (consent_id, version, operator_id),
    UNIQUE (consent_id, version, person_key),
    UNIQUE (consent_id, version, key_id)
);
