-- What a consent reaches, whole. The defaults say what a consent said before these were asked for.
ALTER TABLE consents
    ADD COLUMN data_classes text[] NOT NULL DEFAULT '{}',
    ADD COLUMN products text[] NOT NULL DEFAULT '{}',
    ADD COLUMN roles text[] NOT NULL DEFAULT '{}',
    ADD COLUMN recurring boolean NOT NULL DEFAULT true,
    ADD COLUMN per_day integer CHECK (per_day > 0),
    ADD COLUMN min_interval_seconds integer CHECK (min_interval_seconds > 0),
    ADD COLUMN retention_days integer CHECK (retention_days > 0),
    ADD COLUMN until text NOT NULL DEFAULT 'TERM' CHECK (until IN ('TERM', 'BUSINESS_END')),
    ADD COLUMN form text NOT NULL DEFAULT 'E_SIGN' CHECK (form IN ('E_SIGN', 'PAPER_SCAN')),
    -- SHA-256 and SM3 in hexadecimal, and where the scan lies.
    ADD COLUMN document text[] CHECK (cardinality(document) = 3),
    ADD COLUMN supersedes text,
    ADD COLUMN monitoring boolean NOT NULL DEFAULT false,
    ADD COLUMN subject_person text,
    ADD COLUMN last_used_at timestamptz;
