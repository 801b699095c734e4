Who may sign in, and the sessions that are open.

-- name: user_named
-- one row always: whether there are users at all counts where this one is none
SELECT
    EXISTS (SELECT FROM site_users) AS has_users,
    account.password_hash AS password_hash,
    account.role AS role,
    account.disabled AS disabled
FROM (VALUES (%(username)s::text)) AS asked (name)
LEFT JOIN site_users AS account
    ON account.name = asked.name;

-- name: second_factor
SELECT
    factor.secret AS secret,
    factor.confirmed_at IS NOT NULL AS is_confirmed,
    factor.last_step AS last_step,
    factor.recovery AS recovery
FROM site_second_factors AS factor
WHERE factor.name = %(username)s;

-- name: users
SELECT
    account.name AS name,
    account.role AS role,
    account.disabled AS disabled,
    account.created_at AS created_at,
    (
        SELECT count(*)
        FROM site_sessions AS session
        WHERE session.username = account.name
    ) AS sessions,
    EXISTS (
        SELECT
        FROM site_second_factors AS factor
        WHERE factor.name = account.name
          AND factor.confirmed_at IS NOT NULL
    ) AS has_factor
FROM site_users AS account
ORDER BY account.name;

-- name: session_of
SELECT
    session.username AS username,
    session.proof AS proof,
    account.password_hash AS password_hash,
    account.role AS role,
    account.disabled AS disabled,
    EXISTS (SELECT FROM site_users) AS has_users,
    EXISTS (
        SELECT
        FROM site_second_factors AS factor
        WHERE factor.name = session.username
          AND factor.confirmed_at IS NOT NULL
    ) AS has_factor,
    clock_timestamp() - session.seen_at > make_interval(secs => %(touch_s)s) AS is_stale
FROM site_sessions AS session
LEFT JOIN site_users AS account
    ON account.name = session.username
WHERE session.digest = %(digest)s
  AND clock_timestamp() - session.seen_at <= make_interval(secs => %(idle_s)s)
  AND clock_timestamp() - session.opened_at <= make_interval(secs => %(lifetime_s)s);

-- name: open_sessions
SELECT
    session.username AS username,
    session.address AS address,
    session.opened_at AS opened_at,
    session.seen_at AS seen_at
FROM site_sessions AS session
WHERE clock_timestamp() - session.seen_at <= make_interval(secs => %(idle_s)s)
  AND clock_timestamp() - session.opened_at <= make_interval(secs => %(lifetime_s)s)
ORDER BY session.username, session.opened_at;
