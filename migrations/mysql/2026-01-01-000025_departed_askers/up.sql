-- Accounts that are gone, while there are questions of theirs to delete. There may be very many of these.
CREATE TABLE IF NOT EXISTS departed_askers (
    id BINARY(16) NOT NULL PRIMARY KEY
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
