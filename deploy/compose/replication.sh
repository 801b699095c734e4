#!/bin/sh
# run once by the image when it makes the primary: the replica may follow, with the password. The
# image reads it into its own shell, so that it sets no option of that
echo "host replication oi all scram-sha-256" >> "$PGDATA/pg_hba.conf"
