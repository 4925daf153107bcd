DROP TABLE personnel_decisions;
