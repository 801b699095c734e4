#!/bin/sh
# the first start copies the primary and follows it; later ones go on from there
set -eu
export PGDATA=/var/lib/postgresql/data
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    rm -rf "${PGDATA:?}"/*
    pg_basebackup -h primary -U oi -D "$PGDATA" -R -X stream -c fast
    chmod 0700 "$PGDATA"
fi
exec "$@"
