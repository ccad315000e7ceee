-- What each selector learnt, so that a start need not learn it anew, with a digest of the examples that it was made from.
CREATE TABLE models (
    selector TEXT NOT NULL PRIMARY KEY,
    version BLOB NOT NULL,
    kept_at BIGINT NOT NULL
);

-- In pieces, since databases limit how much may be sent at once.
CREATE TABLE model_parts (
    selector TEXT NOT NULL REFERENCES models (selector) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (selector, number)
);
