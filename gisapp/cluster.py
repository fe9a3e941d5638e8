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
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gisapp.paths import data_dir, unpacked_system

OWNER_ROLE = "gisapp"
WEB_ROLE = "gisapp_web"
DATABASE = "gisapp"
TEMPLATE = "gisapp_template"
EXTENSIONS = ("postgis", "pg_trgm", "unaccent", "btree_gist")
# A socket path longer than this does not fit into sockaddr_un (108 bytes, with room for ".s.PGSQL.5432.lock").
LONGEST_SOCKET_DIR = 80


class ClusterError(Exception):
    """What is wrong with the private cluster, and what mends it."""


@dataclass(frozen=True)
class Server:
    """A PostgreSQL installation that has PostGIS."""

    bindir: Path
    major: int
    unpacked: bool

    @property
    def share(self) -> Path:
        return self.bindir.parents[3] / "share" / "postgresql" / str(self.major)


def installed_servers() -> list[Server]:
    """All PostgreSQL installations with PostGIS on this machine, newest first."""
    found = []
    for root, unpacked in ((Path("/"), False), (unpacked_system(), True)):
        for bindir in (root / "usr/lib/postgresql").glob("*/bin"):
            server = Server(bindir, int(bindir.parent.name), unpacked)
            if (bindir / "postgres").exists() and (server.share / "extension/postgis.control").exists():
                found.append(server)
    return sorted(found, key=lambda server: (-server.major, server.unpacked))


def cluster_dir() -> Path:
    """The cluster's data directory: GISAPP_PG, by default `.data/pg`."""
    return Path(os.environ.get("GISAPP_PG") or data_dir() / "pg")


def socket_dir() -> Path:
    """Where the server's Unix socket lies; a short path beside the cluster or, if that is too long, in /tmp."""
    beside = Path(str(cluster_dir()) + "-run")
    if len(str(beside)) <= LONGEST_SOCKET_DIR and _reachable(beside):
        return beside
    key = hashlib.sha256(str(cluster_dir()).encode()).hexdigest()[:12]
    return Path(f"/tmp/gisapp-{os.getuid()}-{key}")  # noqa: S108 - created with 0700 and checked for its owner


def server_user() -> pwd.struct_passwd | None:
    """As root: the unprivileged user who runs the server. Otherwise None: the server runs as whoever calls."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ClusterError("No unprivileged user to run the database as. Mend it: apt-get install postgresql-common")


def _reachable(path: Path) -> bool:
    """Can the server's user get there? (A checkout below /root is closed to everyone else.)"""
    if server_user() is None:
        return True
    return all(parent.stat().st_mode & 0o001 for parent in path.parents if parent.exists())


def _server_for_cluster(directory: Path) -> Server:
    """The installation that runs this cluster; the newest one for a cluster that is yet to be made."""
    servers = installed_servers()
    if not servers:
        raise ClusterError("PostgreSQL with PostGIS is missing: the database. Mend it: docker/bootstrap.sh system")
    version = directory / "PG_VERSION"
    if not version.exists():
        return servers[0]
    major = int(version.read_text().strip())
    for server in servers:
        if server.major == major:
            return server
    here = ", ".join(str(server.major) for server in servers)
    raise ClusterError(
        f"The cluster in {directory} was made by PostgreSQL {major}; installed is {here}. Its data is untouched. "
        f"Mend it: apt-get install postgresql-{major}-postgis-3, write a backup, move {directory} away, restore."
    )


def _environment(server: Server) -> dict[str, str]:
    """The environment of a server program. PROJ_LIB is set for an unpacked server only, never for this process."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "PROJ_", "LD_"))}
    env["LC_ALL"] = "C.UTF-8"
    if server.unpacked:
        root = unpacked_system()
        libraries = sorted({str(path.parent) for path in root.glob("usr/lib/**/*.so*")}, key=len)
        env["LD_LIBRARY_PATH"] = ":".join(libraries)
        env["PROJ_LIB"] = str(root / "usr/share/proj")
        env["GDAL_DATA"] = str(root / "usr/share/gdal")
    return env


def _run(server: Server, program: str, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    user = server_user()
    done = subprocess.run(
        [str(server.bindir / program), *args],
        env=_environment(server),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )
    if check and done.returncode:
        raise ClusterError(f"{program} failed: {(done.stderr or done.stdout).strip()}")
    return done


def _own(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    user = server_user()
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)
    path.chmod(0o700)


def _prepare_socket_dir() -> Path:
    """Create the socket's directory for the server's user alone; refuse one that somebody else made first."""
    path = socket_dir()
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700, parents=True)
    state, user = path.lstat(), server_user()
    if path.is_symlink() or state.st_uid not in {os.getuid(), user.pw_uid if user else os.getuid()}:
        raise ClusterError(f"{path} belongs to somebody else. Mend it: remove it, or set GISAPP_PG.")
    _own(path)
    return path


def _place_cluster() -> Path:
    """The directory for the cluster; where the server's user cannot reach .data, a link to /var/lib/gisapp."""
    path = cluster_dir()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() and not _reachable(path):
        key = hashlib.sha256(str(path).encode()).hexdigest()[:12]
        outside = Path("/var/lib/gisapp") / key / "pg"
        outside.parent.mkdir(parents=True, exist_ok=True)
        _own(outside)
        path.symlink_to(outside)
    return path.resolve()


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2


def configuration(memory_mb: int, cores: int, sockets: Path) -> str:
    """postgresql.conf for a machine of this size; durability (fsync, synchronous_commit) stays as shipped."""
    shared = max(128, min(memory_mb // 4, 4096))
    settings = {
        "listen_addresses": "''",
        "unix_socket_directories": f"'{sockets}'",
        "unix_socket_permissions": "0700",
        "max_connections": 100,
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{max(256, memory_mb // 2)}MB",
        "work_mem": f"{max(8, min(64, memory_mb // 256))}MB",
        "maintenance_work_mem": f"{max(64, min(1024, memory_mb // 16))}MB",
        "max_wal_size": "4GB" if memory_mb > 4096 else "1GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "on",
        "random_page_cost": 1.1,
        "effective_io_concurrency": 100,
        "max_worker_processes": cores + 6,
        "max_parallel_workers": cores,
        "max_parallel_maintenance_workers": max(1, cores - 1),
        "jit": "off",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "datestyle": "'iso, dmy'",
        "logging_collector": "on",
        "log_directory": "'log'",
        "log_filename": "'postgresql-%a.log'",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        # Statement texts carry what people typed; the log names the error and no parameters.
        "log_min_error_statement": "panic",
        "log_parameter_max_length_on_error": 0,
    }
    return (
        "# Written by gisapp at every start; own settings belong into conf.d/.\n"
        + "".join(f"{key} = {value}\n" for key, value in settings.items())
        + "include_dir = 'conf.d'\n"
    )


def _write_configuration(directory: Path, sockets: Path) -> None:
    (directory / "conf.d").mkdir(exist_ok=True)
    text = configuration(_memory_mb(), os.cpu_count() or 1, sockets)
    (directory / "postgresql.conf").write_text(text)
    # Trust is right here: no TCP, and the socket's directory opens to the server's user and root alone.
    (directory / "pg_hba.conf").write_text("local all all trust\nlocal replication all trust\n")
    user = server_user()
    if user:
        for name in ("conf.d", "postgresql.conf", "pg_hba.conf"):
            os.chown(directory / name, user.pw_uid, user.pw_gid)


def _create(server: Server, directory: Path) -> None:
    """initdb into a directory beside, then one rename: a killed set-up leaves no half cluster."""
    building = directory.with_name(directory.name + ".new")
    shutil.rmtree(building, ignore_errors=True)
    _own(building)
    _run(
        server, "initdb", "-D", str(building), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
        "--data-checksums", "-A", "trust",
    )  # fmt: skip
    if directory.exists():
        directory.rmdir()
    building.rename(directory)


def _answers(server: Server, sockets: Path) -> bool:
    return _run(server, "pg_isready", "-q", "-h", str(sockets), "-t", "2", check=False).returncode == 0


def _start(server: Server, directory: Path, sockets: Path) -> None:
    """Start the server; after kill -9 of its postmaster wait until the orphaned children are gone."""
    last = ""
    for _attempt in range(20):
        done = _run(
            server, "pg_ctl", "-D", str(directory), "-s", "-w", "-t", "120",
            "-l", str(directory / "start.log"), "start", check=False,
        )  # fmt: skip
        if done.returncode == 0 or _answers(server, sockets):
            return
        log = directory / "start.log"
        last = log.read_text(errors="replace")[-800:] if log.exists() else done.stderr
        if not re.search(r"shared memory block|lock file|is another postmaster", last):
            break
        time.sleep(0.5)
    raise ClusterError(f"The database in {directory} does not start: {last.strip()}")


def dsn(database: str = DATABASE, role: str = OWNER_ROLE) -> dict[str, str]:
    """Connection parameters of a database of the private cluster."""
    return {"host": str(socket_dir()), "dbname": database, "user": role}


def _psql(server: Server, database: str, sql: str) -> str:
    return _run(
        server, "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
        "-h", str(socket_dir()), "-U", "postgres", "-d", database, "-c", sql,
    ).stdout.strip()  # fmt: skip


def _create_roles_and_databases(server: Server) -> None:
    """Roles, the template that carries the extensions, and the database; each only where missing."""
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
    databases = set(_psql(server, "postgres", "SELECT datname FROM pg_database").split())
    if TEMPLATE not in databases:
        building = TEMPLATE + "_new"
        _psql(server, "postgres", f"DROP DATABASE IF EXISTS {building}")
        _psql(server, "postgres", f"CREATE DATABASE {building} OWNER {OWNER_ROLE} TEMPLATE template0")
        for extension in EXTENSIONS:
            _psql(server, building, f"CREATE EXTENSION {extension}")
        # The serving role reads and writes rows and owns nothing; later tables of the owner follow by default.
        defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER_ROLE} IN SCHEMA public GRANT"
        _psql(server, building, f"{defaults} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {WEB_ROLE}")
        _psql(server, building, f"{defaults} USAGE, SELECT ON SEQUENCES TO {WEB_ROLE}")
        _psql(server, "postgres", f"ALTER DATABASE {building} RENAME TO {TEMPLATE}")
        _psql(server, "postgres", f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true")
    if DATABASE not in databases:
        _psql(server, "postgres", f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE} TEMPLATE {TEMPLATE}")


def _open_lock(name: str) -> IO[bytes]:
    data_dir().mkdir(parents=True, exist_ok=True)
    base = cluster_dir()
    base.parent.mkdir(parents=True, exist_ok=True)
    return Path(f"{base}.{name}").open("ab")


def ensure_running() -> bool:
    """Create the cluster where it is missing and start it where it is down; True if this call started it.

    Raises ClusterError with the remedy. Safe to call from several processes at once.
    """
    with _open_lock("start.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        directory = _place_cluster()
        server = _server_for_cluster(directory)
        sockets = _prepare_socket_dir()
        if (directory / "PG_VERSION").exists() and _answers(server, sockets):
            return False
        fresh = not (directory / "PG_VERSION").exists()
        if fresh:
            _create(server, directory)
        _write_configuration(directory, sockets)
        _start(server, directory, sockets)
        if fresh or not (directory / "gisapp.ready").exists():
            _create_roles_and_databases(server)
            (directory / "gisapp.ready").write_text("roles and databases exist\n")
        return True


def stop(*, immediate: bool = False) -> None:
    """Stop the server if it runs."""
    directory = cluster_dir().resolve()
    if (directory / "postmaster.pid").exists():
        mode = "immediate" if immediate else "fast"
        server = _server_for_cluster(directory)
        _run(server, "pg_ctl", "-D", str(directory), "-s", "-w", "-m", mode, "stop", check=False)


@contextlib.contextmanager
def in_use() -> Iterator[None]:
    """Use the private cluster for the length of the block; the last user to leave stops it."""
    with _open_lock("users.lock") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        ensure_running()
        try:
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
        stop()
