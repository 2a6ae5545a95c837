-- Owned by parties: by which grants a client may get tokens, and where its answers go.
-- The defaults are what every client registered so far was: without a person, without a browser.
ALTER TABLE parties_clients
    ADD COLUMN grant_types text[] NOT NULL DEFAULT '{client_credentials}'
        CHECK (cardinality(grant_types) > 0),
    ADD COLUMN redirect_uris text[] NOT NULL DEFAULT '{}',
    ADD COLUMN response_modes text[] NOT NULL DEFAULT '{jwt,query}'
        CHECK (response_modes <@ ARRAY['jwt', 'query'] AND cardinality(response_modes) > 0),
    ADD COLUMN requires_request_object boolean NOT NULL DEFAULT false;
