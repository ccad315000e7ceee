DROP TABLE duties;
DROP TABLE instances;
DROP TABLE set_aside_changes;
DROP TABLE receivers;
DROP TABLE changes;
DROP TABLE counters;
