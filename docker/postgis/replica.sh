#!/usr/bin/env bash
# Die Replik: beim ersten Start eine Kopie des Primärservers (pg_basebackup), danach folgt sie ihm.
set -Eeuo pipefail
: "${PGDATA:?}" "${PRIMARY_HOST:=postgis}"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  PGPASSWORD=$(tr -d '\n' </run/secrets/replicator_password)
  export PGPASSWORD
  rm -rf "${PGDATA:?}"/*
  # -R schreibt standby.signal und die Verbindung; der Steckplatz hält Änderungen zurück, bis die Replik sie hat.
  pg_basebackup -h "$PRIMARY_HOST" -U gisapp_replicator -D "$PGDATA" -R -X stream -C -S gisapp_replica -c fast
  chmod 700 "$PGDATA"
fi
exec postgres -c hot_standby=on -c hot_standby_feedback=on "$@"
