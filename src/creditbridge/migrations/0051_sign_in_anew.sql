-- Owned by login: what must be decided by whoever sits here now asks for a sign-in of its own.
ALTER TABLE login_tries ADD COLUMN authenticated_after timestamptz;
ALTER TABLE login_sessions ADD COLUMN anew boolean NOT NULL DEFAULT false;
