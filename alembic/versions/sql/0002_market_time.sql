CREATE OR REPLACE FUNCTION public.market_now() RETURNS timestamp
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT now() AT TIME ZONE 'Asia/Kolkata' $$;

-- What was set before stands in the function's comment, for the way back. Where nothing was set the
-- comment is left out; where an earlier attempt set it already, nothing is written twice.
DO $$
DECLARE
    known text := (
        SELECT substr(setting, length('TimeZone=') + 1)
        FROM pg_db_role_setting
        CROSS JOIN LATERAL unnest(setconfig) AS setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND setrole = 0
          AND lower(setting) LIKE 'timezone=%'
    );
BEGIN
    IF known IS NOT NULL AND known <> 'Asia/Kolkata' THEN
        EXECUTE format('COMMENT ON FUNCTION public.market_now() IS %L', 'TimeZone before: ' || known);
    END IF;
    EXECUTE format('ALTER DATABASE %I SET TimeZone = %L', current_database(), 'Asia/Kolkata');
    PERFORM set_config('TimeZone', 'Asia/Kolkata', false);
END
$$;
