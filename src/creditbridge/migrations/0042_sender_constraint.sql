-- Owned by parties: what a client's tokens are bound to, a certificate or a key of its own.
ALTER TABLE parties_clients
    ADD COLUMN sender_constraint text NOT NULL DEFAULT 'MTLS'
    CHECK (sender_constraint IN ('MTLS', 'DPOP'));
