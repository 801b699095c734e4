-- The triggers on the tables of history go with their functions.
DROP SCHEMA IF EXISTS live_edge CASCADE;
