-- An upgrade that was interrupted while history was read starts over; its triggers go with it.
DROP SCHEMA IF EXISTS live_edge CASCADE;
