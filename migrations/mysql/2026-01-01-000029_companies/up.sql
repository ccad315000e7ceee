-- The names of banks beside the first one stand in `bank_names`. A name's key is what it is looked up by; backwards and with its
-- length in characters for names with a typo.
CREATE TABLE IF NOT EXISTS banks (
    code VARCHAR(100) NOT NULL PRIMARY KEY,
    name VARCHAR(1000) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS bank_names (
    code VARCHAR(100) NOT NULL,
    name LONGTEXT NOT NULL,
    name_key VARCHAR(400) NOT NULL,
    name_key_reversed VARCHAR(400) NOT NULL,
    name_key_length BIGINT NOT NULL,
    PRIMARY KEY (code, name_key),
    INDEX bank_names_key (name_key(300)),
    INDEX bank_names_head (name_key_length, name_key(300)),
    INDEX bank_names_tail (name_key_length, name_key_reversed(300)),
    FOREIGN KEY (code) REFERENCES banks (code) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- `declared_billing` is in cents: whole numbers are exact everywhere.
CREATE TABLE IF NOT EXISTS companies (
    id BINARY(16) NOT NULL PRIMARY KEY,
    owner_id BINARY(16) NOT NULL,
    company_name LONGTEXT NOT NULL,
    company_name_key VARCHAR(4000) NOT NULL,
    company_name_key_reversed VARCHAR(4000) NOT NULL,
    company_name_key_length BIGINT NOT NULL,
    phone LONGTEXT NOT NULL,
    declared_billing BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    INDEX companies_owner_id (owner_id, id),
    INDEX companies_name_key (owner_id, company_name_key(300)),
    INDEX companies_name_head (owner_id, company_name_key_length, company_name_key(300)),
    INDEX companies_name_tail (owner_id, company_name_key_length, company_name_key_reversed(300)),
    FOREIGN KEY (owner_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- Of accounts alike in bank, agency and number there is one.
CREATE TABLE IF NOT EXISTS bank_accounts (
    id BINARY(16) NOT NULL PRIMARY KEY,
    company_id BINARY(16) NOT NULL,
    bank_code VARCHAR(100) NOT NULL,
    agency VARCHAR(100) NOT NULL,
    account_number VARCHAR(100) NOT NULL,
    UNIQUE (bank_code, agency, account_number),
    INDEX bank_accounts_company_id (company_id, id),
    FOREIGN KEY (company_id) REFERENCES companies (id) ON DELETE CASCADE,
    FOREIGN KEY (bank_code) REFERENCES banks (code)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- The administrator may look after the companies of others.
INSERT INTO role_permissions (role, permission)
SELECT roles.name, wanted.permission
FROM roles, (
    SELECT 'delete:companies' AS permission UNION ALL SELECT 'get:companies' UNION ALL SELECT 'patch:companies'
) AS wanted
WHERE roles.name = 'admin' AND NOT EXISTS (
    SELECT 1 FROM role_permissions AS held WHERE held.role = roles.name AND held.permission = wanted.permission
);
