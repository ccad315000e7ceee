-- Accounts that are gone, while there are questions of theirs to delete. There may be very many of these.
CREATE TABLE departed_askers (
    id BLOB NOT NULL PRIMARY KEY
) WITHOUT ROWID;
