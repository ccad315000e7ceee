DELETE FROM role_permissions WHERE permission IN ('delete:companies', 'get:companies', 'patch:companies');
DROP TABLE bank_accounts;
DROP TABLE companies;
DROP TABLE bank_names;
DROP TABLE banks;
