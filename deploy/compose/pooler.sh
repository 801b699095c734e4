#!/bin/sh
# PgBouncer in transaction mode for dashboard and collector, each by its own account
set -eu
umask 077
folder=$(mktemp -d)
cat >"$folder/userlist.txt" <<END
"oi_dashboard" "$OI_DB_WEB_PASSWORD"
"oi_collector" "$OI_DB_COLLECTOR_PASSWORD"
END
cat >"$folder/pgbouncer.ini" <<END
[databases]
oi_gemini = host=${DB_HOST:-primary} port=${DB_PORT:-5432} dbname=${DB_NAME:-oi_gemini}

[pgbouncer]
listen_addr = ${LISTEN_ADDR:-0.0.0.0}
listen_port = ${LISTEN_PORT:-6432}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $folder/userlist.txt
pool_mode = transaction
default_pool_size = 20
max_client_conn = 1000
server_login_retry = 1
END
exec pgbouncer "$folder/pgbouncer.ini"
