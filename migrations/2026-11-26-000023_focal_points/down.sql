DROP TABLE focal_points;
