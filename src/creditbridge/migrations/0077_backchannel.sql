-- Owned by access: requests that wait for a person in the portal (OpenID CIBA Core 1.0). What a
-- client polls with is nowhere, only its SHA-256. One whose tokens were fetched has no row; one
-- that ran out keeps its row for a day, so that its client is told so.
CREATE TABLE access_backchannel_requests (
    request_id text PRIMARY KEY,
    auth_req_digest bytea NOT NULL UNIQUE CHECK (octet_length(auth_req_digest) = 32),
    client_id text NOT NULL,
    uscc text NOT NULL,
    pushed bytea NOT NULL,
    asked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > asked_at),
    interval_seconds integer NOT NULL CHECK (interval_seconds > 0),
    polled_at timestamptz,
    outcome text CHECK (outcome IN ('APPROVED', 'REFUSED')),
    grant_id text,
    authenticated_at timestamptz,
    CHECK ((outcome IS NOT DISTINCT FROM 'APPROVED') = (grant_id IS NOT NULL))
);
CREATE INDEX access_backchannel_requests_waiting
    ON access_backchannel_requests (uscc, asked_at) WHERE outcome IS NULL;
CREATE INDEX access_backchannel_requests_by_expiry ON access_backchannel_requests (expires_at);
