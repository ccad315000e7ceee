DROP TABLE departed_askers;
