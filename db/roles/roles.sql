Which of the roles and rights are there; every statement only looks. What asks for a right of a role
or a relation that is not there is NULL, and gives nothing.

-- name: roles
-- members are accounts that sign in as one of the roles, directly or through another
SELECT
    wanted.name AS name,
    held.oid IS NOT NULL AS is_there,
    COALESCE(held.rolsuper OR held.rolcreaterole OR held.rolcreatedb, false) AS is_mighty,
    (
        SELECT array_agg(account.rolname ORDER BY account.rolname)
        FROM pg_auth_members AS membership
        JOIN pg_roles AS account ON account.oid = membership.member
        WHERE membership.roleid = held.oid
          AND account.rolname <> ALL(:names)
    ) AS members
FROM unnest(CAST(:names AS text[])) WITH ORDINALITY AS wanted (name, place)
LEFT JOIN pg_roles AS held ON held.rolname = wanted.name
ORDER BY wanted.place;

-- name: memberships
-- reading comes with either of the others
SELECT format('GRANT %I TO %I', CAST(:reader AS text), wanted.name) AS statement
FROM unnest(CAST(:others AS text[])) AS wanted (name)
WHERE NOT pg_has_role(to_regrole(wanted.name), to_regrole(CAST(:reader AS text)), 'MEMBER')
ORDER BY wanted.name;

-- name: schemas
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', wanted.name, CAST(:reader AS text)) AS statement
FROM unnest(CAST(:schemas AS text[])) AS wanted (name)
WHERE NOT has_schema_privilege(
    to_regrole(CAST(:reader AS text)), to_regnamespace(wanted.name), 'USAGE'
)
ORDER BY wanted.name;

-- name: inner_relations
-- the engine's own and the archive's: whatever stands there
SELECT format('GRANT SELECT ON %I.%I TO %I', n.nspname, c.relname, CAST(:reader AS text)) AS statement
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(:schemas)
  AND c.relkind IN ('r', 'p', 'v', 'm')
  AND NOT has_table_privilege(to_regrole(CAST(:reader AS text)), c.oid, 'SELECT')
ORDER BY n.nspname, c.relname;

-- name: relations
SELECT
    format(
        'GRANT %s%s ON public.%I TO %I',
        wanted.privilege,
        CASE WHEN wanted.held <> '' THEN format(' (%s)', wanted.held) ELSE '' END,
        wanted.relation,
        wanted.role
    ) AS statement
FROM (
    SELECT
        asked.role AS role,
        to_regrole(asked.role) AS known,
        asked.relation AS relation,
        asked.privilege AS privilege,
        asked.columns AS held,
        to_regclass(format('public.%I', asked.relation)) AS found
    FROM unnest(
        CAST(:roles AS text[]), CAST(:relations AS text[]), CAST(:privileges AS text[]),
        CAST(:columns AS text[])
    ) AS asked (role, relation, privilege, columns)
) AS wanted
WHERE NOT has_table_privilege(wanted.known, wanted.found, wanted.privilege)
  AND (
      wanted.held = ''
      OR EXISTS (
          SELECT
          FROM pg_attribute AS a
          WHERE a.attrelid = wanted.found
            AND a.attname = ANY(string_to_array(wanted.held, ', '))
            AND NOT has_column_privilege(wanted.known, wanted.found, a.attnum, wanted.privilege)
      )
  )
ORDER BY wanted.role, wanted.relation, wanted.privilege;

-- name: sequences
-- whoever may add rows may take numbers for them
SELECT DISTINCT format('GRANT USAGE ON SEQUENCE %I.%I TO %I', n.nspname, s.relname, asked.role)
    AS statement
FROM unnest(CAST(:roles AS text[]), CAST(:relations AS text[])) AS asked (role, relation)
JOIN pg_depend AS d
  ON d.refclassid = 'pg_class'::regclass
 AND d.refobjid = to_regclass(format('public.%I', asked.relation))
 AND d.classid = 'pg_class'::regclass
JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_namespace AS n ON n.oid = s.relnamespace
WHERE CASE
    WHEN s.relkind = 'S' THEN NOT has_sequence_privilege(to_regrole(asked.role), s.oid, 'USAGE')
END
ORDER BY statement;

-- name: edge_sequences
-- each state of the live edge has a number
SELECT format('GRANT USAGE ON SEQUENCE %I.%I TO %I', n.nspname, s.relname, CAST(:writer AS text))
    AS statement
FROM pg_class AS s
JOIN pg_namespace AS n ON n.oid = s.relnamespace
WHERE n.nspname = 'live_edge'
  AND CASE
      WHEN s.relkind = 'S'
      THEN NOT has_sequence_privilege(to_regrole(CAST(:writer AS text)), s.oid, 'USAGE')
  END
ORDER BY s.relname;

-- name: routines
-- whoever reads may call what views and statements call: where an administrator has taken from
-- everybody what PostgreSQL gives them, nobody else could; triggers need no such right
SELECT format('GRANT EXECUTE ON ROUTINE %s TO %I', p.oid::regprocedure, CAST(:reader AS text))
    AS statement
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE (
    n.nspname = ANY(:schemas) AND n.nspname <> 'public'
    OR n.nspname = 'public' AND p.proname = ANY(:routines)
)
  AND p.prorettype <> 'trigger'::regtype
  AND NOT has_function_privilege(to_regrole(CAST(:reader AS text)), p.oid, 'EXECUTE')
ORDER BY statement;

-- name: beyond_pages
-- what this session may do that no page needs; being a member is enough, as SET ROLE goes with it
SELECT finding.may AS may
FROM pg_roles AS account
CROSS JOIN LATERAL (
    VALUES
        (
            1, 'is a superuser',
            EXISTS (
                SELECT FROM pg_roles AS held
                WHERE held.rolsuper AND pg_has_role(account.oid, held.oid, 'MEMBER')
            )
        ),
        (
            2, 'may reach files and programs of the server',
            EXISTS (
                SELECT FROM pg_roles AS held
                WHERE held.rolname IN (
                    'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'
                )
                  AND pg_has_role(account.oid, held.oid, 'MEMBER')
            )
        ),
        (
            3, 'may make roles, databases or copies of all data',
            account.rolcreaterole OR account.rolcreatedb OR account.rolreplication
        ),
        (
            4, 'owns tables',
            EXISTS (
                SELECT FROM pg_class AS c
                JOIN pg_namespace AS n ON n.oid = c.relnamespace
                WHERE n.nspname = ANY(:schemas)
                  AND c.relkind IN ('r', 'p')
                  AND pg_has_role(account.oid, c.relowner, 'MEMBER')
            )
        ),
        (
            5, 'may change stored chains',
            COALESCE(
                has_table_privilege(
                    account.oid, to_regclass('public.option_chain_snapshots'),
                    'INSERT, UPDATE, DELETE'
                ),
                false
            )
        ),
        (
            6, 'may change users',
            COALESCE(
                has_table_privilege(
                    account.oid, to_regclass('public.site_users'), 'INSERT, UPDATE, DELETE'
                ),
                false
            )
        ),
        (
            7, 'may make schemas',
            has_database_privilege(account.oid, current_database(), 'CREATE')
        ),
        (
            8, 'may make tables',
            EXISTS (
                SELECT FROM pg_namespace AS n
                WHERE n.nspname = ANY(:schemas)
                  AND has_schema_privilege(account.oid, n.oid, 'CREATE')
            )
        )
) AS finding (place, may, holds)
WHERE account.rolname = session_user
  AND finding.holds
ORDER BY finding.place;

-- name: ownership
-- what does not belong to one role yet, in the order in which it is handed over; sequences of columns,
-- chunks and policies go with their tables. Whom an old table belonged to may go on reading and
-- writing it. A job of ours is made anew, as no call gives it to another.
SELECT array_remove(
    found.statements || CASE
        WHEN found.is_old AND before.rolsuper IS FALSE
        THEN format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', found.name, before.rolname)
    END,
    NULL
) AS statements
FROM (
    SELECT
        0 AS place,
        format('%I', d.datname) AS name,
        d.datdba AS owner,
        false AS is_old,
        ARRAY[format('ALTER DATABASE %I OWNER TO %I', d.datname, CAST(:owner AS text))] AS statements
    FROM pg_database AS d
    WHERE d.datname = current_database()
    UNION ALL
    SELECT
        1,
        format('%I', n.nspname),
        n.nspowner,
        false,
        ARRAY[format('ALTER SCHEMA %I OWNER TO %I', n.nspname, CAST(:owner AS text))]
    FROM pg_namespace AS n
    WHERE n.nspname = ANY(:schemas)
      AND n.nspname <> 'public'
    UNION ALL
    SELECT
        2,
        relation.name,
        relation.owner,
        relation.is_old,
        ARRAY[
            format('ALTER %s %s OWNER TO %I', relation.kind, relation.name, CAST(:owner AS text))
        ]
    FROM (
        SELECT
            format('%I.%I', n.nspname, c.relname) AS name,
            c.relowner AS owner,
            n.nspname = 'public' AND c.relname = ANY(:old) AS is_old,
            CASE
                WHEN c.relkind = 'S' THEN 'SEQUENCE'
                WHEN EXISTS (
                    SELECT
                    FROM _timescaledb_catalog.continuous_agg AS a
                    WHERE a.user_view_schema = n.nspname
                      AND a.user_view_name = c.relname
                ) THEN 'MATERIALIZED VIEW'
                WHEN c.relkind = 'v' THEN 'VIEW'
                ELSE 'TABLE'
            END AS kind
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'S')
          AND (
              n.nspname = ANY(:schemas) AND n.nspname <> 'public'
              OR n.nspname = 'public' AND c.relname = ANY(:relations)
          )
          AND NOT EXISTS (
              SELECT
              FROM pg_depend AS d
              WHERE d.classid = 'pg_class'::regclass
                AND d.objid = c.oid
                AND d.deptype IN ('a', 'i', 'e')
                AND d.refclassid <> 'pg_namespace'::regclass
                AND (c.relkind = 'S' OR d.deptype = 'e')
          )
    ) AS relation
    UNION ALL
    SELECT
        3,
        CAST(CAST(p.oid AS regprocedure) AS text),
        p.proowner,
        false,
        ARRAY[
            format(
                'ALTER ROUTINE %s OWNER TO %I', CAST(p.oid AS regprocedure), CAST(:owner AS text)
            )
        ]
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = ANY(:schemas) AND n.nspname <> 'public'
       OR n.nspname = 'public' AND p.proname = ANY(:routines)
    UNION ALL
    SELECT
        4,
        CAST(j.job_id AS text),
        to_regrole(quote_ident(CAST(j.owner AS text))),
        false,
        ARRAY[
            format('SET LOCAL ROLE %I', CAST(:owner AS text)),
            format(
                'SELECT add_job(%L, %L, config => %L, scheduled => %L)',
                format('%I.%I', j.proc_schema, j.proc_name), j.schedule_interval, j.config,
                j.scheduled
            ),
            'RESET ROLE',
            format('SELECT delete_job(%s)', j.job_id)
        ]
    FROM timescaledb_information.jobs AS j
    WHERE j.proc_schema = ANY(:schemas)
) AS found
JOIN pg_roles AS before ON before.oid = found.owner
WHERE before.rolname <> CAST(:owner AS text)
ORDER BY found.place, found.name;

-- name: owner_of_revision
-- to whom this database's migrations belong
SELECT pg_get_userbyid(c.relowner) AS owner
FROM pg_class AS c
WHERE c.oid = to_regclass('public.alembic_version');
