#!/usr/bin/env bash
# Rollen und Erweiterungen einer neuen Datenbank. Läuft einmal, beim ersten Start des Behälters postgis; auf einem eigenen
# Server ebenso von Hand, als Datenbankverwalter. Kennwörter stehen in Dateien unter $SECRETS, nie hier.
set -Eeuo pipefail
secrets=${SECRETS:-/run/secrets}
database=${POSTGRES_DB:-gisapp}

ask() { psql -X -q -v ON_ERROR_STOP=1 --dbname "$1" "${@:2}"; }

password_of() { # der Inhalt der Datei, ohne Zeilenende
  tr -d '\n' <"$secrets/$1"
}

# owner: Tabellen und Regeln; web: liest und schreibt Zeilen; public: liest, was alle sehen (QGIS Server);
# member: die Gruppe der persönlichen Zugänge; replicator: nur für den Abgleich der Replik.
ask "$database" -v owner="$(password_of owner_password)" -v web="$(password_of web_password)" \
  -v public="$(password_of public_password)" -v replicator="$(password_of replicator_password)" <<'SQL'
CREATE ROLE gisapp LOGIN CREATEROLE PASSWORD :'owner';
CREATE ROLE gisapp_web LOGIN PASSWORD :'web';
CREATE ROLE gisapp_public LOGIN PASSWORD :'public' CONNECTION LIMIT 40;
CREATE ROLE gisapp_member NOLOGIN;
CREATE ROLE gisapp_replicator LOGIN REPLICATION PASSWORD :'replicator' CONNECTION LIMIT 4;
GRANT gisapp_web TO gisapp;
-- damit gisapp user grant-db Personen in die Gruppe aufnehmen kann
GRANT gisapp_member TO gisapp WITH ADMIN OPTION;
-- Der Webserver handelt für eine Person wie eine von ihnen; von sich aus hat er nichts aus der Gruppe.
GRANT gisapp_member TO gisapp_web;
ALTER ROLE gisapp_web NOINHERIT;
-- Einstellungen der Anmeldung stehen an der Rolle: durch PgBouncer kommen keine Startangaben.
ALTER ROLE gisapp_web SET max_parallel_workers_per_gather = 0;
ALTER ROLE gisapp_web SET statement_timeout = '30s';
ALTER ROLE gisapp_web SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE gisapp_public SET statement_timeout = '30s';
ALTER ROLE gisapp_public SET default_transaction_read_only = on;
SELECT format('ALTER DATABASE %I OWNER TO gisapp', current_database()) \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO gisapp_web, gisapp_public, gisapp_member', current_database()) \gexec
ALTER SCHEMA public OWNER TO gisapp;
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER DEFAULT PRIVILEGES FOR ROLE gisapp IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gisapp_web;
ALTER DEFAULT PRIVILEGES FOR ROLE gisapp IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO gisapp_web;
SQL

if [ -n "${PGDATA:-}" ] && [ -w "$PGDATA/pg_hba.conf" ]; then
  echo "host replication gisapp_replicator all scram-sha-256" >>"$PGDATA/pg_hba.conf"
fi
