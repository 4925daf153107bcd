-- Each stage of a round is a record of its own: what was proposed stays where it is decided and paid.
DROP INDEX staff_streamlining_key;
CREATE UNIQUE INDEX staff_streamlining_key
  ON staff_streamlining (org_unit_id, year, round, stage) WHERE deleted_at IS NULL;
