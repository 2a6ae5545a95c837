-- Owned by login: a passkey that ended with the last enterprise that its person spoke for was not
-- lost; who comes back to speak for one begins as everybody does.
ALTER TABLE login_passkeys ADD COLUMN lapsed boolean NOT NULL DEFAULT false;
