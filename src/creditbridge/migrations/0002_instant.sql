-- Owned by foundation/database: the present instant, never below the floor. Volatile, so that it looks
-- again each time it is called: behind a wait for a lock it tells the instant, and the floor, after it.
CREATE FUNCTION house_now() RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN (SELECT greatest(clock_timestamp(), floor_at) FROM house_clock);
END
$$;
