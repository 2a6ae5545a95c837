-- Owned by admission: how much of its quotas each client has taken. One row per client and policy, for
-- the window that runs or ran last; updated in place, hence the room on each page. No row is purged:
-- there are as many as clients and policies.
CREATE TABLE admission_windows (
    client_id text NOT NULL,
    policy text NOT NULL,
    ends_at timestamptz NOT NULL,
    taken bigint NOT NULL CHECK (taken >= granted),
    granted bigint NOT NULL CHECK (granted > 0),
    PRIMARY KEY (client_id, policy)
) WITH (fillfactor = 70);

-- How much of what is left is lent at a time: enough for those who wait, else a share that shrinks with
-- what is left, so that little lies idle on one node while another has none.
CREATE FUNCTION admission_share(unspent bigint, waiting bigint, share_max bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT least(unspent, greatest(waiting, least(share_max, unspent / 16)));
$$;
