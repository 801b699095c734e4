#!/bin/sh
# run once by the image when it makes the primary: the replica may follow, with the password
set -eu
echo "host replication oi all scram-sha-256" >> "$PGDATA/pg_hba.conf"
