-- Held by whoever changes who may manage accounts, so that of several who do at once one finds an administrator left.
INSERT INTO counters (name, value) VALUES ('administrators', 0);

-- Few letters are given up among very many that were sent.
CREATE INDEX letters_set_aside_at ON letters (set_aside_at);
