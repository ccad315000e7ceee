-- `signing` is the key that calls to a skill are signed with, sealed; skills registered before have none until their owner
-- asks for one. `model` is what a skill is asked for where its protocol has models.
ALTER TABLE skills ADD COLUMN signing BLOB;
ALTER TABLE skills ADD COLUMN model TEXT;
