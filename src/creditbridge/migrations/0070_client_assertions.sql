-- Owned by parties: clients that prove themselves by a signed assertion have no certificate subject.
ALTER TABLE parties_clients
    DROP CONSTRAINT parties_clients_authentication_check,
    ALTER COLUMN matcher_kind DROP NOT NULL,
    ALTER COLUMN matcher_value DROP NOT NULL,
    ADD COLUMN assertion_algorithms text[] NOT NULL DEFAULT '{}'
        CHECK (assertion_algorithms <@ ARRAY['PS256', 'ES256', 'EdDSA']),
    ADD CONSTRAINT parties_clients_proof CHECK (
        CASE authentication
            WHEN 'tls_client_auth' THEN
                num_nulls(matcher_kind, matcher_value) = 0
                AND cardinality(assertion_algorithms) = 0
            WHEN 'private_key_jwt' THEN
                num_nulls(matcher_kind, matcher_value) = 2
                AND cardinality(assertion_algorithms) > 0
            ELSE false
        END
    );
