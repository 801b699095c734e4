Who may sign in, and the sessions that are open.

-- name: add_user
INSERT INTO site_users (name, password_hash, role)
VALUES (:name, :password_hash, :role)
ON CONFLICT (name) DO NOTHING;

-- name: change_password
UPDATE site_users
SET password_hash = :password_hash
WHERE name = :name;

-- name: change_disabled
UPDATE site_users
SET disabled = :disabled
WHERE name = :name;

-- name: add_session
INSERT INTO site_sessions (digest, username, proof, address)
VALUES (:digest, :username, :proof, :address);

-- name: touch_session
UPDATE site_sessions
SET seen_at = clock_timestamp()
WHERE digest = :digest;

-- name: end_session
DELETE FROM site_sessions
WHERE digest = :digest;

-- name: end_sessions
DELETE FROM site_sessions
WHERE username = :username;

-- name: end_every_session
DELETE FROM site_sessions;

-- name: sweep_sessions
DELETE FROM site_sessions
WHERE clock_timestamp() - seen_at > make_interval(secs => :idle_s)
   OR clock_timestamp() - opened_at > make_interval(secs => :lifetime_s);
