#!/usr/bin/env bash
# QGIS Server auf Port 5555, so viele Prozesse wie gewünscht; endet einer, endet der Behälter und startet neu.
set -Eeuo pipefail
: "${QGIS_PROJECT_FILE:?nennt die Projektdatei}" "${QGIS_PROCESSES:=2}"
until [ -s "$QGIS_PROJECT_FILE" ]; do
  echo "warte auf $QGIS_PROJECT_FILE"
  sleep 2
done
exec spawn-fcgi -n -a 0.0.0.0 -p 5555 -- /usr/bin/multiwatch -f "$QGIS_PROCESSES" -- /usr/lib/cgi-bin/qgis_mapserv.fcgi
