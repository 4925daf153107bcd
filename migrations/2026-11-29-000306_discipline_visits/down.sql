DROP TABLE discipline_visits;
