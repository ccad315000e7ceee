-- What each selector learnt, so that a start need not learn it anew, with a digest of the examples that it was made from.
CREATE TABLE IF NOT EXISTS models (
    selector VARCHAR(255) NOT NULL PRIMARY KEY,
    version LONGBLOB NOT NULL,
    kept_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- In pieces, since databases limit how much may be sent at once.
CREATE TABLE IF NOT EXISTS model_parts (
    selector VARCHAR(255) NOT NULL,
    number BIGINT NOT NULL,
    content LONGBLOB NOT NULL,
    PRIMARY KEY (selector, number),
    FOREIGN KEY (selector) REFERENCES models (selector) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
