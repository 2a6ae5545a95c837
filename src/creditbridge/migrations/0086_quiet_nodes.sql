-- Owned by ledger: which node has said that nothing is under way there under a withdrawn consent.
-- Each node says it once, after the withdrawal; nothing begins under the consent any more.
CREATE TABLE ledger_quiet_nodes (
    consent_id text NOT NULL REFERENCES ledger_silences ON DELETE CASCADE,
    node_id text NOT NULL,
    PRIMARY KEY (consent_id, node_id)
);
