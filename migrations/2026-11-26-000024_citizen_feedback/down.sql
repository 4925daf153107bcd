DROP TABLE feedback_time_limits;
DROP TABLE citizen_feedback;
