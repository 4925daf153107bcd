DROP TABLE training_courses;
