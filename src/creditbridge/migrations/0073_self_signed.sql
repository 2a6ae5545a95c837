-- Owned by parties: certificates that clients signed themselves (RFC 8705, section 2.2). Each is for
-- ever of one client, and so is its key: what the ledger says about either stays true.
CREATE TABLE parties_client_certificates (
    thumbprint text PRIMARY KEY CHECK (octet_length(thumbprint) = 43),
    client_id text NOT NULL REFERENCES parties_clients,
    key_thumbprint text NOT NULL UNIQUE CHECK (octet_length(key_thumbprint) = 43),
    certificate bytea NOT NULL,
    registered_at timestamptz NOT NULL,
    ends_at timestamptz
);
CREATE INDEX parties_client_certificates_by_client ON parties_client_certificates (client_id);

ALTER TABLE parties_clients
    DROP CONSTRAINT parties_clients_proof,
    ADD CONSTRAINT parties_clients_proof CHECK (
        CASE authentication
            WHEN 'tls_client_auth' THEN
                num_nulls(matcher_kind, matcher_value) = 0
                AND cardinality(assertion_algorithms) = 0
            WHEN 'self_signed_tls_client_auth' THEN
                num_nulls(matcher_kind, matcher_value) = 2
                AND cardinality(assertion_algorithms) = 0
            WHEN 'private_key_jwt' THEN
                num_nulls(matcher_kind, matcher_value) = 2
                AND cardinality(assertion_algorithms) > 0
            ELSE false
        END
    );
