DROP TABLE training_examples;
DROP TABLE trainings;
DROP TABLE skills;
