ALTER TABLE departed_askers DROP COLUMN departed_at;
