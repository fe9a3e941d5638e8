#!/usr/bin/env bash
# Beweist docs/operator/production.md: führt die Befehle der Seite (die Blöcke ```sh) auf einem nackten Debian der Reihe nach
# aus und fragt danach, ob ein Amt läuft und gesichert ist. Braucht root, debootstrap, curl. Die Ports 80, 443 und 8000 dieses
# Rechners müssen frei sein. systemd läuft in einem chroot nicht: docker/systemctl_stand_in.py startet, was die Dienste sagen.
#
#   docker/prove-operator.sh [ARBEITSVERZEICHNIS]      SUITE=trixie nimmt Debian 13
set -Eeuo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(cd "$here/.." && pwd)
work=$(readlink -f "${1:-$(mktemp -d)}")
suite=${SUITE:-bookworm}
base=$work/base-$suite
system=$work/operator-$suite
kind=root
# shellcheck source=docker/prove-chroot.sh
source "$here/prove-chroot.sh"

guide() { # die Befehle der Seite
  awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$checkout/docs/operator/production.md"
}

within() { # Befehl im System, mit leerer Umgebung
  local name
  local -a environment=()
  for name in "${passed_on[@]}"; do
    if [ -n "${!name:-}" ]; then environment+=("$name=${!name}"); fi
  done
  chroot "$system" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    DEBIAN_FRONTEND=noninteractive DOMAIN=gis.test QUELLE=/opt/quelle BETRIEB=betrieb@amt.example "${environment[@]}" "$@"
}

answer() { # Pfad: Status der Antwort durch nginx
  curl --noproxy '*' -sS -k -o "$work/answer" -w '%{http_code}' -H 'Host: gis.test' "https://127.0.0.1$1"
}

expect() { # was, erwartet, gefunden
  [ "$2" = "$3" ] || fail "$1: erwartet $2, gefunden $3"
  results+=("$1: $3")
}

end_services() {
  if [ -x "$system/usr/local/bin/systemctl" ]; then within systemctl stop-all || true; fi
  remove_system
}

[ "$(id -u)" = 0 ] || fail "debootstrap braucht root"
for port in 80 443 8000; do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then fail "Port $port ist belegt"; fi
done
mkdir -p "$work"
results=()
bare_debian
[ ! -e "$system" ] || KEEP="" remove_system
trap end_services EXIT
new_system
git -c safe.directory='*' clone --quiet --no-local "$checkout" "$system/opt/quelle"
install -m 755 "$here/systemctl_stand_in.py" "$system/usr/local/bin/systemctl"
# Das Kennwort der ersten Person fragt ein Mensch ab; hier kommt es von der Standardeingabe.
guide | sed 's/^krit-gis user create .*/echo Ein-langes-Passwort-7 | & --password-stdin/' >"$system/opt/guide.sh"
since=$SECONDS
within bash -Eeuo pipefail /opt/guide.sh || fail "production.md: ein Befehl ist gescheitert, siehe oben"
results+=("production.md von Anfang bis Ende: $((SECONDS - since)) s")

expect "Karte" 200 "$(answer /)"
expect "bereit (Datenbank, Arbeitsprozess, Platz)" 200 "$(answer /readyz)"
expect "Metriken von außen" 404 "$(answer /metrics)"
expect "Anmeldung" 200 "$(answer /konto/anmelden/)"
# Ein Amt mit Grenze, wie in Schritt 8.
printf '{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[9.6,54.3],[9.8,54.3],[9.8,54.5],[9.6,54.5],[9.6,54.3]]]}}' \
  >"$system/tmp/grenze.geojson"
within krit-gis tenant create amt --name "Amt Beispiel" --boundary /tmp/grenze.geojson --host gis.test --default >/dev/null || fail "tenant create"
within sh -c 'echo Ein-anderes-Passwort-8 | krit-gis user create leitung@amt.example --password-stdin && krit-gis user grant leitung@amt.example amt admin' >/dev/null ||
  fail "user grant"
expect "Sicherungen" 1 "$(find "$system/var/backups/krit-gis" -name 'krit-gis-*.backup' | wc -l)"
# Der Absturz: alles stirbt, die Dienste kommen wieder, das Amt ist noch da.
within systemctl kill-all
for _ in $(seq 120); do
  [ "$(answer /readyz || true)" != 200 ] || break
  sleep 0.5
done
expect "bereit nach kill -9 aller Dienste" 200 "$(answer /readyz)"
within krit-gis tenant list --json | grep -q '"amt"' || fail "das Amt ist nach dem Absturz nicht mehr da"
# Der Ernstfall: die Sicherung mit dem Amt darin, danach alles weg, danach alles wieder da.
within systemctl start krit-gis-backup.service
backup=$(basename "$(find "$system/var/backups/krit-gis" -name 'krit-gis-*.backup')")
within krit-gis tenant remove amt >/dev/null || fail "tenant remove"
within krit-gis restore "/var/backups/krit-gis/$backup" --force >/dev/null || fail "restore"
within krit-gis tenant list --json | grep -q '"amt"' || fail "das Amt fehlt nach dem Einspielen"
results+=("Amt nach dem Einspielen der Sicherung: da")
trap - EXIT
end_services
printf '%s\n' "" "Bewiesen ($suite):" "${results[@]}"
