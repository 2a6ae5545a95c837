-- The instants of the last uses that count, oldest first: for the number in a day, and the interval.
ALTER TABLE consents
    ADD COLUMN recent_uses timestamptz[] NOT NULL DEFAULT '{}',
    DROP COLUMN last_used_at;
ALTER TABLE consents
    ADD COLUMN last_used_at timestamptz
        GENERATED ALWAYS AS (recent_uses[cardinality(recent_uses)]) STORED;
