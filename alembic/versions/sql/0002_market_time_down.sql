DO $$
DECLARE
    known text := substr(
        obj_description('public.market_now()'::regprocedure), length('TimeZone before: ') + 1
    );
BEGIN
    IF known IS NULL THEN
        EXECUTE format('ALTER DATABASE %I RESET TimeZone', current_database());
    ELSE
        EXECUTE format('ALTER DATABASE %I SET TimeZone = %L', current_database(), known);
    END IF;
END
$$;

DROP FUNCTION public.market_now();
