DROP TABLE content_removals;
DROP TABLE attachments;
