-- Owned by parties: an enterprise has one legal representative, or none. Of several that came in
-- before this was held, the one who came in last stays.
UPDATE parties_representatives AS former
    SET ended_at = greatest(former.enrolled_at, house_now()), end_reason = 'SUCCESSOR'
    WHERE role = 'LEGAL_REP' AND ended_at IS NULL AND EXISTS (
        SELECT FROM parties_representatives AS later
        WHERE later.uscc = former.uscc AND later.role = 'LEGAL_REP' AND later.ended_at IS NULL
            AND (later.enrolled_at, later.person_id) > (former.enrolled_at, former.person_id));
CREATE UNIQUE INDEX parties_representatives_head
    ON parties_representatives (uscc) WHERE role = 'LEGAL_REP' AND ended_at IS NULL;
-- Whose right ended as this one began; when the provider last vouched; since when, by the register.
ALTER TABLE parties_representatives
    ADD COLUMN succeeds text REFERENCES parties_persons,
    ADD COLUMN vouched_at timestamptz,
    ADD COLUMN office_since date;

-- Owned by consents: until when the new legal representative must confirm a consent that rests on
-- the former one's word, and who confirmed it last.
ALTER TABLE consents
    ADD COLUMN confirm_by timestamptz,
    ADD COLUMN confirmed_by text;
CREATE INDEX consents_unconfirmed ON consents (confirm_by) WHERE state = 'PAUSED';
