DROP INDEX staff_streamlining_key;
-- A round has one record again where it has one stage; where it has several they stay.
CREATE INDEX staff_streamlining_key
  ON staff_streamlining (org_unit_id, year, round) WHERE deleted_at IS NULL;
