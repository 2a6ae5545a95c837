-- Owned by access: a token is bound to a certificate or to a key (RFC 9449), and never to nothing.
ALTER TABLE access_tokens
    ALTER COLUMN thumbprint DROP NOT NULL,
    ADD COLUMN proof_key text CHECK (octet_length(proof_key) = 43),
    ADD CHECK (num_nonnulls(thumbprint, proof_key) = 1);
