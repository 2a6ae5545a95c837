-- Owned by access: a token of a grant reaches the consents of that grant and no others, and ends
-- with it. Without a grant (client_credentials) it reaches every consent of its bank.
ALTER TABLE access_tokens
    ADD COLUMN grant_id text REFERENCES access_grants ON DELETE CASCADE,
    ADD COLUMN consent_ids text[],
    ADD CHECK ((grant_id IS NULL) = (consent_ids IS NULL));
CREATE INDEX access_tokens_by_grant ON access_tokens (grant_id) WHERE grant_id IS NOT NULL;
