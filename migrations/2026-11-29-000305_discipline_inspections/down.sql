DROP TABLE discipline_inspections;
