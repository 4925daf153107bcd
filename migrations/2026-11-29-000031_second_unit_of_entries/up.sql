-- A record may be in the hands of two units, as a dossier is that one unit received and another resolves: both
-- are told of its changes. Read along with the window of a feed, and so without an index.
ALTER TABLE journal ADD COLUMN second_unit_id TEXT;
ALTER TABLE journal ADD COLUMN second_province_id TEXT;
