DROP TABLE period_snapshots;
DROP TABLE period_closures;
