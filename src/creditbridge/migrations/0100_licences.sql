-- Owned by parties: what a bank is licensed to ask enterprises for. NULL is what every bank so far was:
-- licensed for all that enterprises can be asked.
ALTER TABLE parties_banks
    ADD COLUMN purposes text[] CHECK (cardinality(purposes) > 0),
    ADD COLUMN sections text[] CHECK (cardinality(sections) > 0),
    ADD CHECK ((purposes IS NULL) = (sections IS NULL));
