-- Owned by parties: clients that publish their keys themselves, at an address that is theirs alone.
ALTER TABLE parties_clients
    ADD COLUMN jwks_uri text UNIQUE CHECK (jwks_uri LIKE 'https://%');

-- How the last fetches went; a row for each such client.
CREATE TABLE parties_key_sets (
    client_id text PRIMARY KEY REFERENCES parties_clients,
    begun_at timestamptz,
    ended_at timestamptz,
    fetched_at timestamptz CHECK (fetched_at <= ended_at)
);

-- Names that clients give to keys which they publish are theirs: two may choose the same one, and a
-- client may give it to keys of two algorithms. The material of a key still stands for one client.
ALTER TABLE parties_client_keys
    ADD COLUMN is_fetched boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT parties_client_keys_pkey,
    DROP CONSTRAINT parties_client_keys_thumbprint_key,
    ADD PRIMARY KEY (thumbprint);
CREATE UNIQUE INDEX parties_client_keys_registered ON parties_client_keys (key_id)
    WHERE NOT is_fetched;
