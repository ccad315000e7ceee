-- When they went: what they had asked just before may be stored a moment later.
--
-- MySQL has no ADD COLUMN IF NOT EXISTS, and this must bear being run again.
SET @missing = (
    SELECT COUNT(*) = 0 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'departed_askers' AND column_name = 'departed_at'
);
SET @add = IF(@missing, 'ALTER TABLE departed_askers ADD COLUMN departed_at BIGINT NOT NULL DEFAULT 0', 'DO 0');
PREPARE add_departed_at FROM @add;
EXECUTE add_departed_at;
DEALLOCATE PREPARE add_departed_at;
