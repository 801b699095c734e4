-- The triggers on the tables of history go with their functions.
DROP SCHEMA live_edge CASCADE;
