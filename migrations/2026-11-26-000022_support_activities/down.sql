DROP TABLE support_activities;
