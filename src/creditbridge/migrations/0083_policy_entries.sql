-- The few entries of policies among the many: a pack shows those that its looks were decided by.
CREATE INDEX ledger_openings_policies ON ledger_openings (event_id) WHERE kind = 'policy.changed';
