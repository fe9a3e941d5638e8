"""`make test-cluster`: start everything, load it, kill the replica and a worker, check every answer, say one verdict."""

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from gisapp import cluster
from gisapp.paths import data_dir
from tests.cluster import postgres, servers

LOAD_SECONDS = 40.0
KILL_REPLICA, KILL_WORKER, START_REPLICA = 8.0, 15.0, 24.0
LONGEST_SECONDS = 300
HEARTBEAT = 2


class Run:
    """One run: what is running, and the lines of the verdict."""

    def __init__(self) -> None:
        self.begin = time.monotonic()
        self.stack = contextlib.ExitStack()
        self.rows: list[tuple[str, bool, str]] = []

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.begin:6.1f} s  {text}", flush=True)

    def row(self, what: str, problems: list[str], good: str) -> None:
        self.rows.append((what, not problems, "; ".join(problems[:3]) or good))

    def start(self) -> None:
        """Primary with content, replica, PgBouncer, two web processes, two workers, nginx."""
        self.top = self.stack.enter_context(postgres.folder())
        self.say("Primärserver")
        self.first = self.stack.enter_context(postgres.primary(self.top))
        # What the web processes need and does not differ: static files and the key that signs cookies.
        self.common = postgres.environment(
            self.first, STATIC_ROOT=str(data_dir() / "static"), MEDIA_ROOT=str(self.top / "media"), LOG_FORMAT="json",
            SECRET_KEY="nur für diesen Lauf " * 3, WORKER_HEARTBEAT=str(HEARTBEAT), READY_NEEDS_WORKER="1",
            DJANGO_SETTINGS_MODULE="tests.jobs.settings",
        )  # fmt: skip
        postgres.gisapp(self.common, "setup")
        postgres.gisapp(self.common, "demo")
        for name in [one for one in os.environ if one.startswith(("DATABASE", "REPLICA", "GISAPP_PG"))]:
            del os.environ[name]
        os.environ.update({**self.common, "GISAPP_DATA": str(self.top / "here")})
        import django

        django.setup()
        from tests.cluster import content

        self.people = content.build()
        self.say("Replik")
        self.copy = self.stack.enter_context(postgres.replica_of(self.first, self.top))
        self._around()

    def _around(self) -> None:
        self.pooled = self.stack.enter_context(servers.pgbouncer(self.top, self.first))
        self.say("PgBouncer; zwei Arbeitsprozesse, zwei Webprozesse, nginx")
        self.workers = [
            self.stack.enter_context(servers.worker(name, self.top, self.common)) for name in ("worker-1", "worker-2")
        ]
        web = {
            **self.common, "DATABASE_URL": self.pooled, "DATABASE_DIRECT_URL": self.first.url(cluster.WEB_ROLE),
            "REPLICA_URL": self.copy.url(cluster.WEB_ROLE), "REPLICA_MAX_LAG": "3", "GISAPP_DB_PREPARE": "0",
            "BEHIND_PROXY": "1", "WEB_THREADS": "4",
        }  # fmt: skip
        started = [self.stack.enter_context(servers.web(name, self.top, web)) for name in ("web-1", "web-2")]
        self.webs = [address for _process, address in started]
        upstreams = [address.removeprefix("http://") for address in self.webs]
        project = self.top / "krit-gis.qgs"
        postgres.gisapp(self.common, "qgis-project", str(project))
        project.chmod(0o644)
        self.qgis = self.stack.enter_context(servers.qgis_server(self.top, project, self.first))
        self.site = self.stack.enter_context(servers.nginx(self.top, upstreams, self.first.ids, self.qgis))

    def load(self) -> None:
        """The traffic, and what is broken in the middle of it."""
        from tests.cluster import findings, traffic

        postgres.until(lambda: findings.reads(self.webs)[1], "both web processes use the replica")
        self.book = book = traffic.Book()
        wanted = traffic.references(self.webs[0], self.site)
        asking: list[tuple[Callable[..., None], tuple[object, ...]]] = [
            (traffic.visit, (book, self.site, wanted, number)) for number in range(3)
        ]
        asking += [(traffic.write if one.token else traffic.read_inside, (book, self.site, one)) for one in self.people]
        asking.append((traffic.start_jobs, (book,)))
        self.say(f"Last für {LOAD_SECONDS:.0f} s: {len(asking)} Fragende")
        begin = time.monotonic()
        with ThreadPoolExecutor(len(asking)) as pool:
            running = [pool.submit(function, *arguments) for function, arguments in asking]
            try:
                self._break(begin, running)
            finally:
                book.ended.set()
            for one in running:
                one.result()

    def _break(self, begin: float, running: list["Future[None]"]) -> None:
        steps: list[tuple[float, str, Callable[[], None]]] = [
            (KILL_REPLICA, "Replik: kill -9", self.copy.kill),
            (KILL_WORKER, "Arbeitsprozess 1: kill -9", self.workers[0].kill),
            (START_REPLICA, "Replik startet wieder", self.copy.start),
            (LOAD_SECONDS, "Last zu Ende", lambda: None),
        ]
        for when, what, do in steps:
            while time.monotonic() < begin + when:
                time.sleep(0.1)
                for one in running:
                    if one.done():
                        one.result()  # an asker that broke off tells why
            self.say(what)
            do()

    def judge(self) -> None:
        """All that must be true now."""
        from tests.cluster import findings

        book = self.book
        postgres.until(lambda: findings.unfinished_jobs(book) == 0, "the queue runs empty", 45)
        postgres.until(lambda: findings.reads(self.webs)[1], "the replica is used again")
        for kind, count in sorted(book.answers.items()):
            self.row(
                kind, [one for one in book.wrong if one.startswith(f"{kind}:")], f"{count} Antworten, alle richtig"
            )
        self.row(
            "Schreiben",
            list(findings.writes(book)),
            f"{len(book.notes)} bestätigt, alle da, jedes einmal, beim Richtigen",
        )
        self.row("Aufträge", list(findings.jobs(book, 2)), f"{len(book.jobs)} erledigt")
        count, problems = findings.stored_tiles(self.top / "nginx" / "cache")
        hits = book.cached["HIT"]
        few = [] if hits > 50 and count >= 8 else [f"die Ablage antwortet kaum ({hits} Treffer, {count} Kacheln)"]
        self.row("Ablage der Kacheln", problems + few, f"{count} Kacheln, {hits} Treffer, nichts Vertrauliches")
        reads, _used = findings.reads(self.webs)
        told = f"{reads.get('replica', 0):.0f} Replik, {reads.get('primary', 0):.0f} Primärserver, {reads.get('repeated', 0):.0f} beide"
        idle = [] if reads.get("replica", 0) > 200 and reads.get("primary", 0) > 50 else [told]
        self.row("Lesen von der Replik", idle, told)
        self.row("Sitzungen hinter PgBouncer", findings.left_behind(self.pooled), "nichts von anderen darin")
        problems = list(findings.maps(self.site)) if self.qgis else []
        self.row("QGIS Server", problems, "nur Öffentliches" if self.qgis else "nicht geprüft: qgis-server fehlt hier")
        self.row("Bereitschaft", findings.readiness(self.webs), "alle bereit")
        postgres.until(lambda: findings.replayed(self.first, self.copy), "the replica has everything")

    def verdict(self) -> int:
        width = max(len(what) for what, _good, _text in self.rows)
        print()
        for what, good, text in self.rows:
            print(f"  {'gut   ' if good else 'FALSCH'}  {what:<{width}}  {text}")
        wrong = sum(not good for _what, good, _text in self.rows)
        total, slow = sum(self.book.answers.values()), self.book.slowest
        seconds = time.monotonic() - self.begin
        print(
            f"\ntest-cluster: {'GESCHEITERT' if wrong else 'bestanden'}: {total} Antworten, {len(self.book.wrong)} falsch, "
            f"langsamste {slow:.1f} s, {wrong} von {len(self.rows)} Prüfungen gescheitert, {seconds:.0f} s"
        )
        return 1 if wrong else 0


def _late() -> None:
    """A run that hangs is a failed one; it is ended as by Ctrl-C, so that nothing stays behind."""
    print(f"test-cluster: nicht fertig nach {LONGEST_SECONDS} s", flush=True)
    os.kill(os.getpid(), signal.SIGINT)


def _told_to_end(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    run = Run()
    signal.signal(signal.SIGTERM, _told_to_end)
    signal.signal(signal.SIGINT, _told_to_end)
    alarm = threading.Timer(LONGEST_SECONDS, _late)
    alarm.daemon = True
    alarm.start()
    try:
        with run.stack:
            try:
                run.start()
                run.load()
                run.judge()
            except BaseException:
                _show_logs(getattr(run, "top", None))
                raise
        return run.verdict()
    except Exception:
        traceback.print_exc()
        print("test-cluster: GESCHEITERT: siehe oben")
        return 1
    except KeyboardInterrupt:
        print("test-cluster: GESCHEITERT: abgebrochen")
        return 130
    finally:
        alarm.cancel()


def _show_logs(top: Path | None) -> None:
    for path in sorted(top.glob("*.log")) if top else ():
        lines = path.read_text(errors="replace").splitlines()[-8:]
        if lines:
            print(f"--- {path.name}", *lines, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
