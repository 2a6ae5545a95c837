-- Owned by consents: one row for each natural person's yes to one version of a request.
CREATE TABLE consents_approvals (
    consent_id text NOT NULL REFERENCES consents,
    version integer NOT NULL CHECK (version >= 1),
    person_id text NOT NULL,
    role text NOT NULL CHECK (role IN ('LEGAL_REP', 'AGENT')),
    artefact_digest bytea NOT NULL CHECK (octet_length(artefact_digest) = 32),
    template_id text NOT NULL,
    template_version text NOT NULL,
    text_digest bytea NOT NULL CHECK (octet_length(text_digest) = 32),
    approved_at timestamptz NOT NULL,
    entry text,
    PRIMARY KEY (consent_id, version, person_id)
);
ALTER TABLE consents
    ADD COLUMN approvals_given integer NOT NULL DEFAULT 0 CHECK (approvals_given >= 0),
    ADD COLUMN approvals_needed integer NOT NULL DEFAULT 1 CHECK (approvals_needed >= 1);

-- Owned by parties: how many people must approve what, as the enterprise set it. A change of that
-- waits until as many people as now must approve have agreed to it.
ALTER TABLE parties_enterprises
    ADD COLUMN approval_rules bytea,
    ADD COLUMN approval_rules_version integer NOT NULL DEFAULT 0;
CREATE TABLE parties_rule_changes (
    change_id text PRIMARY KEY,
    uscc text NOT NULL REFERENCES parties_enterprises (uscc),
    rules bytea NOT NULL,
    from_version integer NOT NULL,
    proposed_by text NOT NULL REFERENCES parties_persons,
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > proposed_at),
    applied_at timestamptz
);
CREATE INDEX parties_rule_changes_by_enterprise ON parties_rule_changes (uscc, proposed_at);
CREATE TABLE parties_rule_votes (
    change_id text NOT NULL REFERENCES parties_rule_changes,
    person_id text NOT NULL REFERENCES parties_persons,
    agreed_at timestamptz NOT NULL,
    PRIMARY KEY (change_id, person_id)
);
