DELETE FROM bank_names;
DELETE FROM banks;
