-- How far files were taken in on the command line (tiến độ nhập tệp): an import that was interrupted goes on
-- behind the last row that was written. The row is gone when the file is through.
CREATE TABLE file_imports (
  collection TEXT NOT NULL,
  digest TEXT NOT NULL,
  last_row BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  unchanged BIGINT NOT NULL,
  stale BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  refused_bytes BIGINT NOT NULL,
  PRIMARY KEY (collection, digest)
);
