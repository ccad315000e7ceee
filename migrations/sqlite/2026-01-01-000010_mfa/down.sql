DROP TABLE mfa_attempts;
DROP TABLE recovery_codes;
DROP TABLE otp_methods;
ALTER TABLE sessions DROP COLUMN second_factor;
ALTER TABLE accounts DROP COLUMN mfa_enabled_at;
