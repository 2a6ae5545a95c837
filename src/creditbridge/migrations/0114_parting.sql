-- Owned by notices: who speaks for the enterprise no longer gets one last letter, and no other.
ALTER TABLE notice_people ADD COLUMN parting text;
