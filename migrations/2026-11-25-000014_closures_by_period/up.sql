-- Closings of one period, in the order of the list.
CREATE INDEX period_closures_by_period ON period_closures (period_id, closed_at, id);
