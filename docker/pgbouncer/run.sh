#!/usr/bin/env bash
# Füllt die Vorlage mit den Angaben der Umgebung und startet PgBouncer im Vordergrund.
set -Eeuo pipefail
cd "$(dirname "$0")"
: "${DATABASE_NAME:=gisapp}" "${DATABASE_PLACE:=host=postgis port=5432 dbname=gisapp}" "${POOL_SIZE:=20}"
: "${AUTH_TYPE:=scram-sha-256}" "${AUTH_FILE:=/run/secrets/pgbouncer_users}"
LISTEN_LINES=$'listen_addr = 0.0.0.0\nlisten_port = 6432\nunix_socket_dir ='
text=$(<pgbouncer.ini.template)
for name in DATABASE_NAME DATABASE_PLACE POOL_SIZE AUTH_TYPE AUTH_FILE LISTEN_LINES; do
  text=${text//"\${$name}"/"${!name}"}
done
printf '%s\n' "$text" >/tmp/pgbouncer.ini
exec "$(command -v pgbouncer || echo /usr/sbin/pgbouncer)" /tmp/pgbouncer.ini
