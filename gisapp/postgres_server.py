"""The PostgreSQL installations of this machine, how their programs are run, and the settings for a machine's size."""

import os
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gisapp.paths import unpacked_system

# Below this, parallel workers fail with "could not resize shared memory segment" (containers often have 64 MB).
ROOMY_SHM = 256 * 1024**2


@dataclass(frozen=True)
class Server:
    """A PostgreSQL installation that has PostGIS; `root` is "/" or where its packages were unpacked without root."""

    bindir: Path
    major: int
    root: Path = Path("/")

    @property
    def unpacked(self) -> bool:
        return self.root != Path("/")

    @property
    def share(self) -> Path:
        return self.root / "usr/share/postgresql" / str(self.major)


def installed_servers(roots: tuple[Path, ...] | None = None) -> list[Server]:
    """All PostgreSQL installations with PostGIS, newest first; of one version the distribution's before an unpacked."""
    found = []
    for root in roots or (Path("/"), unpacked_system()):
        for bindir in (root / "usr/lib/postgresql").glob("[0-9]*/bin"):
            server = Server(bindir, int(bindir.parent.name), root)
            if (bindir / "postgres").exists() and (server.share / "extension/postgis.control").exists():
                found.append(server)
    return sorted(found, key=lambda server: (-server.major, server.unpacked))


@lru_cache(maxsize=4)
def library_directories(root: Path) -> tuple[str, ...]:
    """Where the loader finds the libraries of unpacked packages; docker/bootstrap.sh reckons the same way.

    Besides lib and lib/<architecture> these are blas and lapack, which Debian chooses by a link that only an
    installation makes.
    """
    tops = [path for name in ("lib", "usr/lib") for path in (root / name, *(root / name).glob("*-linux-gnu*"))]
    directories = [*tops, *(inner for top in tops if "-linux-gnu" in top.name for inner in top.glob("*/"))]
    return tuple(sorted(str(path) for path in directories if any(path.glob("lib*.so.[0-9]*"))))


def environment(server: Server) -> dict[str, str]:
    """The environment of a server program. PROJ's and GDAL's data are named for an unpacked server only."""
    foreign = ("PG", "PROJ_", "GDAL_", "LD_")
    env = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    env["LC_ALL"] = "C.UTF-8"
    if server.unpacked:
        env["LD_LIBRARY_PATH"] = ":".join(library_directories(server.root))
        # PROJ 9.1 renamed its variable and reads both.
        env["PROJ_DATA"] = env["PROJ_LIB"] = str(server.root / "usr/share/proj")
        env["GDAL_DATA"] = str(server.root / "usr/share/gdal")
    return env


def run(server: Server, program: str, *args: str, user: tuple[int, int] | None) -> subprocess.CompletedProcess[str]:
    """Run one of the server's programs, as (uid, gid) or as whoever calls; never raises for its exit code."""
    return subprocess.run(
        [str(server.bindir / program), *args],
        env=environment(server),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        user=user[0] if user else None,
        group=user[1] if user else None,
        extra_groups=[] if user else None,
    )


def memory_mb() -> int:
    """The machine's memory, or what the container is allowed."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            sizes.append(int(Path(limit).read_text()))
        except (OSError, ValueError):  # no such cgroup, or "max"
            continue
    return min(sizes) // 1024**2


def dynamic_shared_memory(shm: Path = Path("/dev/shm")) -> str:  # noqa: S108 - looked at, never written
    """ "posix" where the server's user may write a roomy /dev/shm; otherwise System V, which needs no directory."""
    try:
        everyone = shm.stat().st_mode & 0o002
        space = os.statvfs(shm)
    except OSError:
        return "sysv"
    return "posix" if everyone and space.f_bavail * space.f_frsize >= ROOMY_SHM else "sysv"


def configuration(memory_mb: int, cores: int, sockets: Path, shared_memory: str = "posix") -> str:
    """postgresql.conf for a machine of this size; durability (fsync, synchronous_commit) stays as shipped."""
    shared = max(128, min(memory_mb // 4, 4096))
    settings = {
        "listen_addresses": "''",
        "unix_socket_directories": f"'{sockets}'",
        "unix_socket_permissions": "0700",
        "max_connections": 100,
        "shared_buffers": f"{shared}MB",
        "dynamic_shared_memory_type": shared_memory,
        "effective_cache_size": f"{max(256, memory_mb // 2)}MB",
        "work_mem": f"{max(8, min(64, memory_mb // 256))}MB",
        "maintenance_work_mem": f"{max(64, min(1024, memory_mb // 16))}MB",
        # Nobody replicates the private cluster; without that a load into an empty table need not be written twice.
        # Own settings in conf.d/ come later and win (wal_level = replica, max_wal_senders = 4).
        "wal_level": "minimal",
        "max_wal_senders": 0,
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
