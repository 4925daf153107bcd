DROP INDEX period_closures_by_period;
