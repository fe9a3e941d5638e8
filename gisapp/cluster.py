"""The private PostGIS cluster: the embedded default when DATABASE_URL is not set.

A cluster of this checkout alone, reached by a Unix socket alone. Every process that uses it holds a shared lock
(`users.lock`); whoever leaves last stops it, so Ctrl-C leaves nothing running and a killed process holds nothing.
As root the server runs as an unprivileged user, because PostgreSQL refuses to run as root.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from gisapp import postgres_server
from gisapp.cluster_troubles import (
    NEEDED_MB,
    ClusterError,
    explain,
    explain_output,
    foreign,
    full,
    owner_of,
    unreachable,
)
from gisapp.paths import data_dir
from gisapp.postgres_server import Server, installed_servers
from gisapp.terminal import either

OWNER_ROLE = "gisapp"
WEB_ROLE = "gisapp_web"
MEMBER_ROLE = "gisapp_member"
PUBLIC_ROLE = "gisapp_public"
DATABASE = "gisapp"
TEMPLATE = "gisapp_template"
EXTENSIONS = ("postgis", "pg_trgm", "unaccent", "btree_gist")
READY = "roles and databases exist: 4\n"
# A socket path longer than this does not fit into sockaddr_un (108 bytes, with room for ".s.PGSQL.5432.lock").
LONGEST_SOCKET_DIR = 80
# A comma separates hosts for libpq, a quote ends a setting.
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./ +@~-]+")
# Where the cluster of a checkout lies that the server's user may not enter (below /root).
OUTSIDE = Path("/var/lib/gisapp")


# ------------------------------------------------------------------------------------------------ places and owners


def cluster_dir() -> Path:
    """The cluster's data directory: GISAPP_PG, by default `.data/pg`."""
    return Path(os.environ.get("GISAPP_PG") or data_dir() / "pg").expanduser().absolute()


def socket_dir() -> Path:
    """Where the server's Unix socket lies; beside the cluster or, if that path does not serve, in /tmp."""
    beside = Path(str(cluster_dir()) + "-run")
    if len(str(beside)) <= LONGEST_SOCKET_DIR and PLAIN_PATH.fullmatch(str(beside)) and _reachable(beside):
        return beside
    key = hashlib.sha256(os.fsencode(cluster_dir())).hexdigest()[:12]
    return Path(f"/tmp/gisapp-{os.getuid()}-{key}")  # noqa: S108 - created with 0700 and checked for its owner


def server_user() -> pwd.struct_passwd | None:
    """As root: the unprivileged user who runs the server. Otherwise None: the server runs as whoever calls."""
    if os.getuid() != 0:
        return None
    known = []
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            known.append(pwd.getpwnam(name))
    if not known:
        raise ClusterError(
            either(
                "Es gibt keinen Benutzer ohne Rechte, als der die Datenbank laufen kann. "
                "Abhilfe: apt-get install postgresql-common",
                "There is no unprivileged user to run the database as. Mend it: apt-get install postgresql-common",
            )
        )
    # A cluster made before the package created `postgres` stays with whom it was made for.
    owner = owner_of(cluster_dir())
    return next((user for user in known if user.pw_uid == owner), known[0])


def _server_ids() -> tuple[int, int] | None:
    user = server_user()
    return (user.pw_uid, user.pw_gid) if user else None


def _reachable(path: Path) -> bool:
    """Can the server's user get there? (A checkout below /root is closed to everyone else.)"""
    if os.getuid() != 0:
        return True
    return all(parent.stat().st_mode & 0o001 for parent in path.parents if parent.exists())


def _make_parents(path: Path) -> None:
    """Create what is missing above `path`, as root open to the server's user whatever the umask says."""
    for parent in reversed(path.parents):
        if not parent.exists():
            parent.mkdir(exist_ok=True)
            if os.getuid() == 0:
                parent.chmod(0o755)


def _own(path: Path) -> None:
    _make_parents(path)
    path.mkdir(exist_ok=True)
    ids = _server_ids()
    if ids:
        os.chown(path, *ids)
    path.chmod(0o700)


def _prepare_socket_dir() -> Path:
    """Create the socket's directory for the server's user alone; refuse one that somebody else made first."""
    path = socket_dir()
    _make_parents(path)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    ids = _server_ids()
    owner = path.lstat().st_uid
    if path.is_symlink() or owner not in {os.getuid(), ids[0] if ids else os.getuid()}:
        raise foreign(path, owner)
    _own(path)
    return path


def _place_cluster() -> Path:
    """The directory for the cluster; where the server's user cannot reach .data, a link to /var/lib/gisapp."""
    path = cluster_dir()
    if re.search(r'["$`\\\n]', str(path)):
        raise ClusterError(
            either(
                f"{path} enthält Zeichen, mit denen pg_ctl nicht umgehen kann. Abhilfe: GISAPP_PG auf einen anderen "
                "Pfad setzen.",
                f"{path} has characters that pg_ctl cannot handle. Mend it: set GISAPP_PG to another path.",
            )
        )
    _make_parents(path)
    if not path.is_symlink() and not _reachable(path):
        if path.exists():
            raise unreachable(path)
        _make_parents(OUTSIDE / "x")
        home = Path(tempfile.mkdtemp(prefix=f"{data_dir().parent.name}-", dir=OUTSIDE))
        home.chmod(0o755)
        path.symlink_to(home / "pg")
    place = path.resolve()
    _make_parents(place)
    _check_owner(place)
    return place


def _check_owner(directory: Path) -> None:
    ids, owner = _server_ids(), owner_of(directory)
    if owner is not None and owner != (ids[0] if ids else os.getuid()) and any(True for _ in _entries(directory)):
        raise foreign(directory, owner)


def _entries(directory: Path) -> Iterator[Path]:
    try:
        yield from directory.iterdir()
    except PermissionError:  # a closed directory is somebody else's cluster
        yield directory


@contextlib.contextmanager
def _said_clearly() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise explain(error, cluster_dir()) from error


# ------------------------------------------------------------------------------------------------ the server


def _server_for_cluster(directory: Path) -> Server:
    """The installation that runs this cluster; the newest one for a cluster that is yet to be made."""
    servers = installed_servers()
    if not servers:
        raise ClusterError(
            either(
                "PostgreSQL mit PostGIS fehlt; es ist die Datenbank. Abhilfe: docker/bootstrap.sh system",
                "PostgreSQL with PostGIS is missing; it is the database. Mend it: docker/bootstrap.sh system",
            )
        )
    version = directory / "PG_VERSION"
    if not version.exists():
        return servers[0]
    major = version.read_text().strip()
    for server in servers:
        if str(server.major) == major:
            return server
    here = ", ".join(str(server.major) for server in servers)
    raise ClusterError(
        either(
            f"Der Cluster in {directory} stammt von PostgreSQL {major}; installiert ist {here}. Seine Daten sind "
            f"unberührt. Abhilfe: apt-get install postgresql-{major}-postgis-3, damit eine Sicherung schreiben, "
            f"{directory} zur Seite schieben, neu einrichten und die Sicherung einspielen.",
            f"The cluster in {directory} was made by PostgreSQL {major}; installed is {here}. Its data is untouched. "
            f"Mend it: apt-get install postgresql-{major}-postgis-3, write a backup with it, move {directory} away, "
            "set up again and restore.",
        )
    )


def _run(server: Server, program: str, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = postgres_server.run(server, program, *args, user=_server_ids())
    if check and done.returncode:
        raise explain_output(program, done.stderr or done.stdout, cluster_dir())
    return done


def _write_configuration(directory: Path, sockets: Path) -> None:
    (directory / "conf.d").mkdir(exist_ok=True)
    text = postgres_server.configuration(
        postgres_server.memory_mb(), os.cpu_count() or 1, sockets, postgres_server.dynamic_shared_memory()
    )
    (directory / "postgresql.conf").write_text(text)
    # Trust is right here: no TCP, and the socket's directory opens to the server's user and root alone.
    (directory / "pg_hba.conf").write_text("local all all trust\nlocal replication all trust\n")
    ids = _server_ids()
    if ids:
        for name in ("conf.d", "postgresql.conf", "pg_hba.conf"):
            os.chown(directory / name, *ids)


def _create(server: Server, directory: Path) -> None:
    """initdb into a directory beside, then one rename: a killed set-up leaves no half cluster."""
    if directory.is_mount() or (directory.exists() and any(directory.iterdir())):
        raise ClusterError(
            either(
                f"{directory} ist kein leeres Verzeichnis und kein Cluster. Abhilfe: GISAPP_PG auf ein neues "
                f"Verzeichnis setzen, zum Beispiel {directory / 'pg'}.",
                f"{directory} is neither an empty directory nor a cluster. Mend it: set GISAPP_PG to a new directory, "
                f"for example {directory / 'pg'}.",
            )
        )
    if shutil.disk_usage(directory.parent).free < NEEDED_MB * 1024**2:
        raise full(directory)
    building = directory.with_name(directory.name + ".new")
    if building.exists():
        shutil.rmtree(building)
    _own(building)
    _run(
        server, "initdb", "-D", str(building), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
        "--data-checksums", "-A", "trust",
    )  # fmt: skip
    if directory.exists():
        directory.rmdir()
    building.rename(directory)


def _postmaster(directory: Path) -> int | None:
    """The process that postmaster.pid names if it is a living PostgreSQL."""
    return _living_server(directory / "postmaster.pid")


def _living_server(lock_file: Path) -> int | None:
    try:
        pid = int(lock_file.read_text().partition("\n")[0])
        name, _, state = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError, ValueError):
        return None
    # Where nobody collects the dead (a container without init), a killed server stays as a zombie.
    return pid if name.startswith("postgres") and not state.strip().startswith("Z") else None


def _forget_dead(directory: Path, sockets: Path) -> None:
    """Remove lock files whose number belongs to a zombie or, since a reboot, to another program.

    PostgreSQL would take either for a running server. The number of a process that is gone it handles itself.
    """
    for path in (directory / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
        if not path.exists() or _living_server(path) is not None:
            continue
        number = path.read_text().partition("\n")[0].strip()
        if not number.isdigit() or Path(f"/proc/{number}").exists():
            path.unlink()


def _answers(server: Server, sockets: Path) -> bool:
    return _ready(server, sockets) == 0


def _ready(server: Server, sockets: Path) -> int:
    """0: takes connections; 1: is starting or recovering; 2: nobody there."""
    return _run(server, "pg_isready", "-q", "-h", str(sockets), "-t", "2", check=False).returncode


def _await_running(server: Server, directory: Path, sockets: Path) -> bool:
    """A server that runs but does not answer yet recovers, or has lost its socket; True when it answers in the end."""
    deaf = 0
    while _postmaster(directory) is not None and deaf < 10:
        state = _ready(server, sockets)
        if state == 0:
            return True
        deaf += state == 2
        time.sleep(0.2)
    stop()
    return False


def _start(server: Server, directory: Path, sockets: Path) -> None:
    """Start the server; after kill -9 of its postmaster wait until the orphaned children are gone."""
    if _postmaster(directory) is not None and _await_running(server, directory, sockets):
        return
    _forget_dead(directory, sockets)
    log = directory / "start.log"
    for _attempt in range(40):
        log.unlink(missing_ok=True)
        done = _run(
            server, "pg_ctl", "-D", str(directory), "-s", "-w", "-t", "600", "-l", str(log), "start", check=False
        )
        if done.returncode == 0 or _answers(server, sockets):
            return
        said = log.read_text(errors="replace") if log.exists() else done.stderr
        if not re.search(r"shared memory block|lock file|is another postmaster", said):
            break
        time.sleep(0.5)
    doing = either(f"Die Datenbank in {directory} startet nicht", f"The database in {directory} does not start")
    raise explain_output(doing, said + _last_words(directory), directory)


def _last_words(directory: Path) -> str:
    """The end of the server's newest log, where it says why it gave up."""
    logs = sorted((directory / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
    return "\n" + logs[-1].read_text(errors="replace")[-2000:] if logs else ""


# ------------------------------------------------------------------------------------------------ what is in it


def dsn(database: str = DATABASE, role: str = OWNER_ROLE) -> dict[str, str]:
    """Connection parameters of a database of the private cluster."""
    return {"host": str(socket_dir()), "dbname": database, "user": role}


def _psql(server: Server, database: str, sql: str) -> str:
    return _run(
        server, "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
        "-h", str(socket_dir()), "-U", "postgres", "-d", database, "-c", sql,
    ).stdout.strip()  # fmt: skip


def _create_roles(server: Server) -> None:
    roles = set(_psql(server, "postgres", "SELECT rolname FROM pg_roles").split())
    if OWNER_ROLE not in roles:
        _psql(server, "postgres", f"CREATE ROLE {OWNER_ROLE} LOGIN CREATEDB")
    if WEB_ROLE not in roles:
        _psql(server, "postgres", f"CREATE ROLE {WEB_ROLE} LOGIN")
    # A parallel plan for a 2,000-feature tile starts workers for longer than it works.
    _psql(server, "postgres", f"ALTER ROLE {WEB_ROLE} SET max_parallel_workers_per_gather = 0")
    _psql(server, "postgres", f"ALTER ROLE {WEB_ROLE} SET statement_timeout = '30s'")
    _psql(server, "postgres", f"ALTER ROLE {WEB_ROLE} SET idle_in_transaction_session_timeout = '60s'")
    _psql(server, "postgres", f"GRANT {WEB_ROLE} TO {OWNER_ROLE}")
    # People who work in the database itself (QGIS) have log-ins of their own in this group; gisapp/accounts/policies.py.
    if MEMBER_ROLE not in roles:
        _psql(server, "postgres", f"CREATE ROLE {MEMBER_ROLE} NOLOGIN")
    # The web server acts for a person as one of them; of itself it has nothing from the group (gisapp/accounts/acting.py).
    _psql(server, "postgres", f"GRANT {MEMBER_ROLE} TO {WEB_ROLE}")
    _psql(server, "postgres", f"ALTER ROLE {WEB_ROLE} NOINHERIT")
    # Sees the views of what is public and nothing else (QGIS Server); gisapp/qgis/public.py.
    if PUBLIC_ROLE not in roles:
        _psql(server, "postgres", f"CREATE ROLE {PUBLIC_ROLE} LOGIN CONNECTION LIMIT 40")
    _psql(server, "postgres", f"ALTER ROLE {PUBLIC_ROLE} SET default_transaction_read_only = on")
    _psql(server, "postgres", f"ALTER ROLE {PUBLIC_ROLE} SET statement_timeout = '30s'")


def _create_databases(server: Server) -> None:
    """The template that carries the extensions, and the database; each only where missing."""
    databases = set(_psql(server, "postgres", "SELECT datname FROM pg_database").split())
    if TEMPLATE not in databases:
        building = TEMPLATE + "_new"
        _psql(server, "postgres", f"DROP DATABASE IF EXISTS {building}")
        _psql(server, "postgres", f"CREATE DATABASE {building} OWNER {OWNER_ROLE} TEMPLATE template0")
        _psql(server, building, "; ".join(f"CREATE EXTENSION {extension}" for extension in EXTENSIONS))
        # The serving role reads and writes rows and owns nothing; later tables of the owner follow by default.
        defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA public GRANT"
        _psql(server, building, f"{defaults} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {WEB_ROLE}")
        _psql(server, building, f"{defaults} USAGE, SELECT ON SEQUENCES TO {WEB_ROLE}")
        _psql(server, "postgres", f"ALTER DATABASE {building} RENAME TO {TEMPLATE}")
        _psql(server, "postgres", f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true")
    if DATABASE not in databases:
        _psql(server, "postgres", f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE} TEMPLATE {TEMPLATE}")


def refresh_extensions() -> list[str]:
    """Bring the extensions of the template and the database to what the installed packages offer.

    A newer PostGIS package changes the libraries at once and the SQL functions only by this. Returns what was done.
    """
    server = _server_for_cluster(cluster_dir().resolve())
    done = []
    for database in (TEMPLATE, DATABASE):
        known = _psql(server, database, "SELECT name, installed_version, default_version FROM pg_available_extensions")
        for line in known.splitlines():
            name, installed, offered = line.split("|")
            if name not in EXTENSIONS or installed == offered:
                continue
            _psql(server, database, f"ALTER EXTENSION {name} UPDATE" if installed else f"CREATE EXTENSION {name}")
            done.append(f"{database}: {name} {installed or '-'} -> {offered}")
    return done


# ------------------------------------------------------------------------------------------------ users of it


def _open_lock(name: str) -> IO[bytes]:
    base = cluster_dir()
    _make_parents(base)
    return Path(f"{base}.{name}").open("ab")


def ensure_running() -> bool:
    """Create the cluster where it is missing and start it where it is down; True if this call started it.

    Raises ClusterError with the remedy. Safe to call from several processes at once.
    """
    with _said_clearly(), _open_lock("start.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        directory = _place_cluster()
        server = _server_for_cluster(directory)
        sockets = _prepare_socket_dir()
        exists, ready = (directory / "PG_VERSION").exists(), directory / "gisapp.ready"
        started = not (exists and _answers(server, sockets))
        if not exists:
            _create(server, directory)
        if started:
            _write_configuration(directory, sockets)
            _start(server, directory, sockets)
        if not ready.exists() or ready.read_text() != READY:
            _create_roles(server)
            _create_databases(server)
            ready.write_text(READY)
        return started


def runs() -> bool:
    """Is the server's process there?"""
    return _postmaster(cluster_dir().resolve()) is not None


def stop(*, immediate: bool = False) -> None:
    """Stop the server if it runs. Raises ClusterError when it does not stop."""
    directory = cluster_dir().resolve()
    if _postmaster(directory) is None:
        return
    mode = "immediate" if immediate else "fast"
    server = _server_for_cluster(directory)
    done = _run(server, "pg_ctl", "-D", str(directory), "-s", "-w", "-t", "600", "-m", mode, "stop", check=False)
    if done.returncode and _postmaster(directory) is not None:
        doing = either(f"Die Datenbank in {directory} hält nicht an", f"The database in {directory} does not stop")
        raise explain_output(doing, done.stderr, directory)


@contextlib.contextmanager
def in_use() -> Iterator[None]:
    """Use the private cluster for the length of the block; the last user to leave stops it."""
    with _said_clearly():
        users = _open_lock("users.lock")
    with users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            ensure_running()
            yield
        finally:
            leave(users)


def leave(users: IO[bytes]) -> None:
    """Stop the server unless somebody else still holds the users' lock."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    with _open_lock("start.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if owner_of(cluster_dir()) in {None, os.getuid(), (_server_ids() or (os.getuid(),))[0]}:
            stop()
