-- Owned by foundation/database: the floor under every decision's instant.
CREATE TABLE house_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    floor_at timestamptz NOT NULL
);
INSERT INTO house_clock VALUES (true, '1970-01-01T00:00:00Z');
