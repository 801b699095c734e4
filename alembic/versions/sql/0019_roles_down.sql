-- Takes back what the roles were given in this database. They themselves stay: they belong to the
-- cluster, where another database may use them, and accounts may be members.
DO $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT DISTINCT c.relkind AS kind, c.oid::regclass AS relation, given.grantee::regrole AS role
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL (
            SELECT acl.grantee FROM aclexplode(c.relacl) AS acl
            UNION ALL
            SELECT acl.grantee
            FROM pg_attribute AS a
            CROSS JOIN LATERAL aclexplode(a.attacl) AS acl
            WHERE a.attrelid = c.oid
        ) AS given
        WHERE n.nspname IN ('public', 'timescale_engine', 'live_edge', 'archive')
          AND given.grantee IN (to_regrole('oi_reader'), to_regrole('oi_writer'), to_regrole('oi_web'))
    LOOP
        EXECUTE format(
            'REVOKE ALL ON %s %s FROM %s',
            CASE held.kind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, held.relation, held.role
        );
    END LOOP;
    FOR held IN
        SELECT DISTINCT p.oid::regprocedure AS routine, acl.grantee::regrole AS role
        FROM pg_proc AS p
        JOIN pg_namespace AS n ON n.oid = p.pronamespace
        CROSS JOIN LATERAL aclexplode(p.proacl) AS acl
        WHERE n.nspname IN ('public', 'timescale_engine', 'live_edge', 'archive')
          AND acl.grantee IN (to_regrole('oi_reader'), to_regrole('oi_writer'), to_regrole('oi_web'))
    LOOP
        EXECUTE format('REVOKE ALL ON ROUTINE %s FROM %s', held.routine, held.role);
    END LOOP;
    FOR held IN
        SELECT DISTINCT n.nspname AS name, acl.grantee::regrole AS role
        FROM pg_namespace AS n
        CROSS JOIN LATERAL aclexplode(n.nspacl) AS acl
        WHERE n.nspname IN ('public', 'timescale_engine', 'live_edge', 'archive')
          AND acl.grantee IN (to_regrole('oi_reader'), to_regrole('oi_writer'), to_regrole('oi_web'))
    LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %s', held.name, held.role);
    END LOOP;
END
$$;
