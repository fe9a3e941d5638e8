#!/usr/bin/env bash
# Beweist die Einrichtung auf einem frischen Debian: make setup, make demo (Strg-C), make test - als root in /root, als
# Benutzer ohne sudo in einem Pfad mit Leerzeichen, als Benutzer mit sudo. Braucht root, debootstrap, curl und ip.
#
#   docker/prove-chroot.sh [root|user|sudo|both|all|image] [ARBEITSVERZEICHNIS]     both: root und user
#
# image führt statt dessen die Schritte von docker/Dockerfile aus und startet, was dabei entsteht, als Benutzer 10001: Der
# Webserver antwortet unter /healthz und liefert statische Dateien aus, PgBouncer und QGIS Server hören.
# SUITE=trixie nimmt Debian 13 statt 12 (bookworm).
# Im Arbeitsverzeichnis bleibt das nackte Debian für den nächsten Lauf liegen; ohne Angabe ist es ein temporäres.
# KEEP=1 lässt auch die benutzten Systeme stehen. TESTS="tests/unit" führt nur diese Tests aus; TESTS="" keine.
set -Eeuo pipefail

self=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/prove-chroot.sh
checkout=$(cd "$(dirname "$self")/.." && pwd)
passed_on=(SSL_CERT_FILE PIP_CERT REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS
  http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_INDEX_URL PIP_DEFAULT_TIMEOUT)

fail() {
  echo "GESCHEITERT: $*" >&2
  exit 1
}

bare_debian() { # das nackte System; einmal je Arbeitsverzeichnis
  [ ! -e "$base/.complete" ] || return 0
  rm -rf "$base"
  echo "debootstrap: Debian $suite mit git, make, python3"
  debootstrap --variant=minbase --include=git,make,python3,ca-certificates "$suite" "$base" >"$work/debootstrap.log" 2>&1 ||
    fail "debootstrap, siehe $work/debootstrap.log"
  touch "$base/.complete"
}

new_system() { # Kopie des nackten Systems mit dem Netz dieses Rechners (Namen, Zertifikate)
  cp -a "$base" "$system"
  mount -t proc proc "$system/proc"
  mount -t devpts devpts "$system/dev/pts" -o newinstance,ptmxmode=0666
  local file name
  for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt; do
    [ ! -e "$file" ] || install -D -m 644 "$(readlink -f "$file")" "$system$file"
  done
  for name in "${passed_on[@]}"; do
    file=${!name:-}
    if [[ $file == /* && -f $file ]]; then install -D -m 644 "$(readlink -f "$file")" "$system$file"; fi
  done
}

remove_system() {
  left=$(processes) && [ -z "$left" ] || kill -9 $left 2>/dev/null || true
  umount -l "$system/dev/pts" "$system/proc" 2>/dev/null || true
  [ -n "${KEEP:-}" ] || rm -rf "$system"
}

processes() { # was noch in diesem System läuft
  local process
  for process in /proc/[0-9]*; do
    if [ "$(readlink "$process/root" 2>/dev/null)" = "$system" ]; then basename "$process"; fi
  done
}

inside() { # führt einen Befehl im Checkout dieses Systems aus, mit leerer Umgebung
  local name uid=0 home=/root
  local -a environment=()
  if [ "$kind" != root ]; then uid=1000 home=/home/anna; fi
  for name in "${passed_on[@]}"; do
    if [ -n "${!name:-}" ]; then environment+=("$name=${!name}"); fi
  done
  chroot --userspec="$uid:$uid" "$system" /usr/bin/env -i "HOME=$home" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 TERM=dumb "${environment[@]}" bash -c 'cd "$1" && shift && exec "$@"' bash "$home/$folder" "$@"
}

timed() { # Titel, Befehl: Dauer ins Ergebnis
  local title=$1 since=$SECONDS
  shift
  echo "--- $kind: $title"
  "$@" || fail "$kind: $title"
  results+=("$kind: $title: $((SECONDS - since)) s")
}

serve_until_answered() { # im eigenen Netz (freier Port, kein Zugang nach außen): starten, antworten lassen, Strg-C
  ip link set lo up
  local since=$SECONDS status
  set -m # sonst wäre SIGINT für den Hintergrund abgeschaltet
  inside make demo &
  pid=$!
  trap 'kill -INT -- "-$pid" 2>/dev/null || true' EXIT
  until status=$(curl --noproxy '*' -sS -o /dev/null -w '%{http_code}' http://127.0.0.1:8000/ 2>/dev/null); do
    kill -0 "$pid" 2>/dev/null || fail "make demo endet, bevor es antwortet"
    [ $((SECONDS - since)) -lt 300 ] || fail "make demo antwortet nicht in 300 s"
    sleep 0.2
  done
  [ "$status" = 200 ] || fail "http://127.0.0.1:8000/ antwortet mit $status"
  echo "antwortet nach $((SECONDS - since)) s"
  echo "$((SECONDS - since))" >"$system/tmp/answered"
  kill -INT -- "-$pid"
  wait "$pid" || true
  trap - EXIT
  sleep 1
}

prove_demo() {
  local attempt seconds left
  for attempt in erster zweiter; do
    unshare --net bash "$self" _serve "$kind" "$work"
    seconds=$(cat "$system/tmp/answered")
    results+=("$kind: make demo, $attempt Start nach make setup: antwortet nach $seconds s")
    left=$(processes)
    [ -z "$left" ] || fail "nach Strg-C laufen noch: $(ps -o pid=,args= -p "$(tr '\n' ',' <<<"$left" | sed 's/,$//')")"
  done
  [ "$seconds" -lt 10 ] || fail "der zweite Start dauert $seconds s"
}

steps_of() { # Stufe des Dockerfiles: ihre RUN-Zeilen, ohne RUN
  awk -v stage="$1" '$1 == "FROM" { on = ($4 == stage) } on && $1 == "RUN" { sub(/^RUN /, ""); print }' "$checkout/docker/Dockerfile"
}

in_image() { # Benutzernummer, Befehl: im Abbild, mit dessen Umgebung
  local uid=$1 name
  shift
  local -a environment=()
  for name in "${passed_on[@]}"; do
    if [ -n "${!name:-}" ]; then environment+=("$name=${!name}"); fi
  done
  chroot --userspec="$uid:$uid" "$system" /usr/bin/env -i HOME=/var/lib/krit-gis LANG=C.UTF-8 TERM=dumb \
    PATH=/opt/krit-gis/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    DATABASE_URL=postgresql://build@nowhere/none "${environment[@]}" bash -c 'cd /opt/krit-gis && exec "$@"' bash "$@"
}

serve_image() { # im eigenen Netz: das Abbild ohne Datenbank; es lebt, ist aber nicht bereit
  ip link set lo up
  local since=$SECONDS status
  in_image 10001 env GISAPP_DATA=/var/lib/krit-gis STATIC_ROOT=/opt/krit-gis/.data/static SECRET_KEY=probe HOST=0.0.0.0 \
    PYTHONDONTWRITEBYTECODE=1 gisapp serve --workers 1 &
  pid=$!
  trap 'kill -TERM "$pid" 2>/dev/null || true' EXIT
  until status=$(curl --noproxy '*' -sS -o /dev/null -w '%{http_code}' http://127.0.0.1:8000/healthz 2>/dev/null); do
    kill -0 "$pid" 2>/dev/null || fail "gisapp serve endet, bevor es antwortet"
    [ $((SECONDS - since)) -lt 60 ] || fail "gisapp serve antwortet nicht in 60 s"
    sleep 0.2
  done
  [ "$status" = 200 ] || fail "/healthz antwortet mit $status"
  in_image 10001 python docker/ask.py http://127.0.0.1:8000/healthz || fail "die Gesundheitsprobe des Abbilds"
  ! in_image 10001 python docker/ask.py http://127.0.0.1:8000/readyz 2>/dev/null || fail "ohne Datenbank bereit?"
  status=$(curl --noproxy '*' -sS -o /dev/null -w '%{http_code}' http://127.0.0.1:8000/static/vendor/maplibre/maplibre-gl.mjs)
  [ "$status" = 200 ] || fail "statische Dateien: $status"
}

listens() { # Port, Name: antwortet der Dienst, der gerade in $pid startet?
  local since=$SECONDS
  until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
    kill -0 "$pid" 2>/dev/null || fail "$2 endet, bevor es hört"
    [ $((SECONDS - since)) -lt 30 ] || fail "$2 hört nicht auf Port $1"
    sleep 0.2
  done
  kill -TERM "$pid"
  wait "$pid" || true
}

serve_others() { # im eigenen Netz: PgBouncer und QGIS Server hören, als Benutzer 10001
  ip link set lo up
  printf '"gisapp_web" ""\n' >"$system/tmp/users"
  in_image 10001 env AUTH_FILE=/tmp/users docker/pgbouncer/run.sh &
  pid=$!
  listens 6432 PgBouncer
  echo '<qgis/>' >"$system/tmp/probe.qgs"
  in_image 10001 env HOME=/tmp QT_QPA_PLATFORM=offscreen QGIS_PROJECT_FILE=/tmp/probe.qgs docker/qgis/run.sh &
  pid=$!
  listens 5555 "QGIS Server"
}

prove_image() { # die Stufen build und web; COPY tut hier cp
  new_system
  trap remove_system EXIT
  mkdir -p "$system/opt/krit-gis/docker"
  cp "$checkout/docker/bootstrap.sh" "$system/opt/krit-gis/docker/"
  local -a build=() web=()
  mapfile -t build < <(steps_of build)
  mapfile -t web < <(steps_of web)
  [ "${#build[@]}" -eq 2 ] && [ "${#web[@]}" -eq 1 ] || fail "das Dockerfile hat andere Schritte als erwartet"
  timed "RUN ${build[0]}" in_image 0 bash -c "${build[0]}"
  git -c safe.directory='*' -C "$checkout" archive HEAD | tar -x -C "$system/opt/krit-gis"
  timed "RUN ${build[1]}" in_image 0 bash -c "${build[1]}"
  [ ! -e "$system/opt/krit-gis/.data/secret_key" ] || fail "im Abbild liegt ein Schlüssel"
  timed "RUN ${web[0]} (noch einmal)" in_image 0 bash -c "${web[0]}"
  install -d -o 10001 -g 10001 "$system/var/lib/krit-gis"
  timed "das Abbild web als Benutzer 10001" unshare --net bash "$self" _image "$kind" "$work"
  local stage step
  for stage in pgbouncer qgis; do
    step=$(steps_of "$stage")
    timed "RUN $step" in_image 0 bash -c "$step"
  done
  timed "die Abbilder pgbouncer und qgis als Benutzer 10001" unshare --net bash "$self" _others "$kind" "$work"
  trap - EXIT
  remove_system
}

prove() { # ein ganzer Durchgang
  local home=/root
  new_system
  trap remove_system EXIT
  if [ "$kind" != root ]; then
    home=/home/anna
    chroot "$system" useradd --create-home --uid 1000 --shell /bin/bash anna
  fi
  if [ "$kind" = sudo ]; then
    chroot "$system" sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends sudo' >"$work/sudo.log" 2>&1
    echo 'anna ALL=(ALL) NOPASSWD: ALL' >"$system/etc/sudoers.d/anna"
  fi
  git -c safe.directory='*' clone --quiet --no-local "$checkout" "$system$home/$folder"
  if [ "$kind" != root ]; then chown -R 1000:1000 "$system$home"; fi
  if inside grep -rqs '"demo"' gisapp/commands; then
    timed "make setup (frisch)" inside make setup
    prove_demo
  else
    # Solange es gisapp demo noch nicht gibt: was davor liegt.
    timed "Einrichtung (frisch)" inside docker/bootstrap.sh demo
    timed "gisapp setup (frisch)" inside .venv/bin/gisapp setup
    timed "Einrichtung und gisapp setup (zweites Mal)" inside bash -c 'docker/bootstrap.sh demo && .venv/bin/gisapp setup'
    left=$(processes)
    [ -z "$left" ] || fail "es laufen noch: $left"
  fi
  timed "gisapp check" inside .venv/bin/gisapp check
  if [ "${TESTS-all}" = all ]; then
    timed "make test" inside make test
  elif [ -n "$TESTS" ]; then
    timed "Tests: $TESTS" inside bash -c 'docker/bootstrap.sh test && GISAPP_TEST_REQUIRE=$(docker/bootstrap.sh required) .venv/bin/python -m pytest '"$TESTS"
  fi
  trap - EXIT
  remove_system
}

use() { # root|user, Arbeitsverzeichnis
  kind=$1
  work=$2
  suite=${SUITE:-bookworm}
  base=$work/base-$suite
  system=$work/system-$suite-$kind
  folder=$([ "$kind" = root ] && echo krit-gis || echo "krit gis")
}

main() {
  if [ "${1:-}" = _serve ]; then
    use "$2" "$3"
    serve_until_answered
    return
  fi
  if [ "${1:-}" = _image ]; then
    use "$2" "$3"
    serve_image
    return
  fi
  if [ "${1:-}" = _others ]; then
    use "$2" "$3"
    serve_others
    return
  fi
  [ "$(id -u)" = 0 ] || fail "debootstrap braucht root"
  local which=${1:-both} temporary=
  work=${2:-}
  if [ -z "$work" ]; then work=$(mktemp -d) temporary=yes; fi
  mkdir -p "$work"
  work=$(readlink -f "$work")
  results=()
  case $which in
    both) which="root user" ;;
    all) which="root user sudo" ;;
  esac
  for kind in $which; do
    use "$kind" "$work"
    bare_debian
    [ ! -e "$system" ] || KEEP="" remove_system
    if [ "$kind" = image ]; then prove_image; else prove; fi
  done
  if [ -n "$temporary" ]; then rm -rf "$work"; fi
  printf '%s\n' "" "Bewiesen:" "${results[@]}"
}

# Wer die Datei mit source liest (docker/prove-operator.sh), bekommt nur die Funktionen.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then main "$@"; fi
