#!/usr/bin/env bash
# Legt die Geheimnisse für compose.yml an: zufällige Kennwörter und die Adressen, in denen sie stehen. Was schon da ist,
# bleibt, wie es ist.
#
#   docker/secrets.sh [VERZEICHNIS]      ohne Angabe docker/secrets
set -Eeuo pipefail
folder=${1:-$(cd "$(dirname "$0")" && pwd)/secrets}
umask 077
mkdir -p "$folder"
# Die Behälter lesen die Dateien als eigene Benutzer; das Verzeichnis verschließt sie vor allen anderen.
chmod 700 "$folder"

secret() { # Name, Inhalt
  if [ -s "$folder/$1" ]; then return; fi
  printf '%s' "$2" >"$folder/$1"
  chmod 444 "$folder/$1"
}

# 32 Zeichen ohne solche, die in einer Adresse etwas bedeuten
random() { LC_ALL=C tr -dc 'A-Za-z0-9' < <(head -c 4096 /dev/urandom) | head -c 32 || true; }

for name in superuser owner web public replicator; do secret "${name}_password" "$(random)"; done
of() { cat "$folder/$1_password"; }
secret secret_key "$(random)$(random)"
secret owner_database_url "postgresql://gisapp:$(of owner)@postgis:5432/gisapp"
secret web_database_url "postgresql://gisapp_web:$(of web)@postgis:5432/gisapp"
secret web_pgbouncer_url "postgresql://gisapp_web:$(of web)@pgbouncer:6432/gisapp"
secret web_replica_url "postgresql://gisapp_web:$(of web)@replica:5432/gisapp"
secret pgbouncer_users "\"gisapp_web\" \"$(of web)\"
"
secret pg_service "[krit_gis]
host=postgis
port=5432
dbname=gisapp
user=gisapp_public
password=$(of public)
"
echo "Geheimnisse in $folder; sie gehören in keine Sicherung, die andere lesen, und in kein Repository."
