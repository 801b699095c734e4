DO $$
BEGIN
    IF EXISTS (
        SELECT
        FROM pg_db_role_setting
        CROSS JOIN LATERAL unnest(setconfig) AS setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND setrole = 0
          AND lower(setting) = 'timescaledb.max_tuples_decompressed_per_dml_transaction=2147483647'
    ) THEN
        EXECUTE format(
            'ALTER DATABASE %I RESET timescaledb.max_tuples_decompressed_per_dml_transaction',
            current_database()
        );
    END IF;
END
$$;
