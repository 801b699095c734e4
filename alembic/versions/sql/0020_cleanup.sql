-- Community opens no more than 100,000 rows of its columnstore for one statement, and a clean-up of old
-- history takes more. What an owner has set stays; the largest number there is tells ours on the way back.
DO $$
BEGIN
    IF NOT EXISTS (
        SELECT
        FROM pg_db_role_setting
        CROSS JOIN LATERAL unnest(setconfig) AS setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND setrole = 0
          AND lower(setting) LIKE 'timescaledb.max_tuples_decompressed_per_dml_transaction=%'
    ) THEN
        EXECUTE format(
            'ALTER DATABASE %I SET timescaledb.max_tuples_decompressed_per_dml_transaction = 2147483647',
            current_database()
        );
    END IF;
END
$$;
