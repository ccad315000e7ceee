-- The names of banks beside the first one stand in `bank_names`. A name's key is what it is looked up by; backwards and with its
-- length in characters for names with a typo.
CREATE TABLE banks (
    code TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE bank_names (
    code TEXT NOT NULL REFERENCES banks (code) ON DELETE CASCADE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name_key_reversed TEXT NOT NULL,
    name_key_length BIGINT NOT NULL,
    PRIMARY KEY (code, name_key)
);
CREATE INDEX bank_names_key ON bank_names (name_key);
CREATE INDEX bank_names_head ON bank_names (name_key_length, name_key);
CREATE INDEX bank_names_tail ON bank_names (name_key_length, name_key_reversed);

-- `declared_billing` is in cents: whole numbers are exact everywhere.
CREATE TABLE companies (
    id BLOB NOT NULL PRIMARY KEY,
    owner_id BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    company_name TEXT NOT NULL,
    company_name_key TEXT NOT NULL,
    company_name_key_reversed TEXT NOT NULL,
    company_name_key_length BIGINT NOT NULL,
    phone TEXT NOT NULL,
    declared_billing BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX companies_owner_id ON companies (owner_id, id);
CREATE INDEX companies_name_key ON companies (owner_id, company_name_key);
CREATE INDEX companies_name_head ON companies (owner_id, company_name_key_length, company_name_key);
CREATE INDEX companies_name_tail ON companies (owner_id, company_name_key_length, company_name_key_reversed);

-- Of accounts alike in bank, agency and number there is one.
CREATE TABLE bank_accounts (
    id BLOB NOT NULL PRIMARY KEY,
    company_id BLOB NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    bank_code TEXT NOT NULL REFERENCES banks (code),
    agency TEXT NOT NULL,
    account_number TEXT NOT NULL,
    UNIQUE (bank_code, agency, account_number)
);
CREATE INDEX bank_accounts_company_id ON bank_accounts (company_id, id);

-- The administrator may look after the companies of others.
INSERT INTO role_permissions (role, permission)
SELECT roles.name, wanted.permission
FROM roles, (
    SELECT 'delete:companies' AS permission UNION ALL SELECT 'get:companies' UNION ALL SELECT 'patch:companies'
) AS wanted
WHERE roles.name = 'admin' AND NOT EXISTS (
    SELECT 1 FROM role_permissions AS held WHERE held.role = roles.name AND held.permission = wanted.permission
);
