#!/bin/sh
# the first start copies the primary and follows it; later ones go on from there. A copy that was
# cut short looks like a server of its own: it gets its name once it is whole
set -eu
folder=${DATA:-/var/lib/postgresql/data}
export PGDATA="$folder/replica"
if [ ! -d "$PGDATA" ]; then
    rm -rf "${folder:?}"/*
    pg_basebackup -h primary -U oi -D "$folder/copy" -R -X stream -c fast
    chmod 0700 "$folder/copy"
    mv "$folder/copy" "$PGDATA"
fi
exec "$@"
