DROP TABLE model_parts;
DROP TABLE models;
