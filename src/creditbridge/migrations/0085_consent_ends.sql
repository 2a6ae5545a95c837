-- Owned by consents: whose last use was taken. The column `used` itself bears no index, so that
-- taking a use touches none; a row here is looked at until the use comes back or the consent ends.
CREATE TABLE consents_used_up (consent_id text PRIMARY KEY REFERENCES consents);
INSERT INTO consents_used_up SELECT consent_id FROM consents
    WHERE state = 'ACTIVE' AND used >= max_queries;
CREATE INDEX consents_ending ON consents (valid_to) WHERE state IN ('ACTIVE', 'PAUSED');
