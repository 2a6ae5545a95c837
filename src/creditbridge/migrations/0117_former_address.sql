-- Owned by notices: the address, sealed, that one mail goes to though it counts no longer. Gone when the mail has ended.
ALTER TABLE notice_mails ADD COLUMN former bytea CHECK (former IS NULL OR state = 'WAITING');
