DROP TABLE quality_ratings;
