-- When they went: what they had asked just before may be stored a moment later.
ALTER TABLE departed_askers ADD COLUMN departed_at BIGINT NOT NULL DEFAULT 0;
