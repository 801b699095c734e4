Which database this is, also after another was made in its place.

-- name: identity
SELECT control.system_identifier || '-' || here.oid AS identity
FROM pg_control_system() AS control
CROSS JOIN pg_database AS here
WHERE here.datname = current_database();
