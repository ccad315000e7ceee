DROP INDEX letters_set_aside_at;
DELETE FROM counters WHERE name = 'administrators';
