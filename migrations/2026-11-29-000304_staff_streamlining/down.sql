DROP TABLE staff_streamlining;
