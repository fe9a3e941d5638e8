#!/usr/bin/env python3
"""In place of systemctl where no systemd runs (a chroot): starts what the units say, again when it has ended.

Only for docker/prove-operator.sh. It knows enable --now, start, restart, stop, reload and daemon-reload of our units and of
nginx, and two words of its own: kill-all (kill -9 of every service) and stop-all.
"""

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

UNITS, RUN = Path("/etc/systemd/system"), Path("/run/stand-in")
POSTMASTER = Path("/var/lib/krit-gis/pg/postmaster.pid")


def value(unit: str, name: str, default: str = "") -> str:
    found = re.findall(rf"^{name}=(.*)$", (UNITS / f"{unit}.service").read_text(), re.MULTILINE)
    return found[0] if found else default


def command(unit: str) -> list[str]:
    line = (
        f"set -a; . {shlex.quote(value(unit, 'EnvironmentFile'))}; set +a; cd {shlex.quote(value(unit, 'WorkingDirectory'))};"
        f" exec {value(unit, 'ExecStart')}"
    )
    return [
        "setpriv",
        f"--reuid={value(unit, 'User')}",
        f"--regid={value(unit, 'Group')}",
        "--init-groups",
        "sh",
        "-c",
        line,
    ]


def main_pid(unit: str) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        pid = int((RUN / unit).read_text())
        os.kill(pid, 0)
        return pid
    return None


def serve(unit: str) -> None:
    """Keep the service running in a process of our own, until it is told to stop."""
    if os.fork():
        return
    os.setsid()
    log = os.open(f"/var/log/{unit}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    null = os.open(os.devnull, os.O_RDONLY)
    for to, source in ((0, null), (1, log), (2, log)):
        os.dup2(source, to)
    (RUN / f"{unit}.manager").write_text(str(os.getpid()))
    stopped = False
    child: subprocess.Popen[bytes] | None = None

    def stop(number: int, frame: object) -> None:
        nonlocal stopped
        stopped = True
        if child is not None:
            child.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    while not stopped:
        child = subprocess.Popen(
            command(unit), env={**os.environ, "NOTIFY_SOCKET": str(RUN / f"{unit}.notify")}, start_new_session=True
        )
        (RUN / unit).write_text(str(child.pid))
        child.wait()
        (RUN / unit).unlink(missing_ok=True)
        if not stopped:
            time.sleep(float(value(unit, "RestartSec", "1")))
    os._exit(0)


def start(unit: str) -> None:
    if value(unit, "Type") == "oneshot":
        subprocess.run(command(unit), check=True)
        return
    if main_pid(unit):
        return
    notify = RUN / f"{unit}.notify"
    notify.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as waiting:
        waiting.bind(str(notify))
        notify.chmod(0o777)
        serve(unit)
        if value(unit, "Type") == "notify":
            waiting.settimeout(300)
            assert b"READY=1" in waiting.recv(1000)
    until = time.monotonic() + 20
    while not main_pid(unit) and time.monotonic() < until:
        time.sleep(0.1)


def stop(unit: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        manager = int((RUN / f"{unit}.manager").read_text())
        os.kill(manager, signal.SIGTERM)
        until = time.monotonic() + 60
        while Path(f"/proc/{manager}/exe").exists() and time.monotonic() < until:
            time.sleep(0.1)


def nginx(what: str) -> None:
    try:
        os.kill(int(Path("/run/nginx.pid").read_text()), 0)
        running = True
    except (OSError, ValueError):
        running = False
    if what in ("stop", "restart") and running:
        subprocess.run(["nginx", "-s", "stop"], check=True)
        time.sleep(1)
    if what != "stop":
        subprocess.run(["nginx", "-s", "reload"] if what == "reload" else ["nginx"], check=True)


def ours() -> list[str]:
    return [one.stem for one in UNITS.glob("krit-gis-*.service") if value(one.stem, "Type") != "oneshot"]


def main() -> int:
    RUN.mkdir(mode=0o755, exist_ok=True)
    what, *names = [one for one in sys.argv[1:] if one != "--now"]
    if what == "kill-all":
        for unit in ours():
            pid = main_pid(unit)
            if pid:
                os.killpg(pid, signal.SIGKILL)
        # By its number: a chroot sees the processes of the whole machine.
        with contextlib.suppress(OSError, ValueError):
            os.kill(int(POSTMASTER.read_text().splitlines()[0]), signal.SIGKILL)
        return 0
    if what == "stop-all":
        for unit in ("krit-gis-web", "krit-gis-worker", "krit-gis-database"):
            stop(unit)
        nginx("stop")
        return 0
    for name in names:
        unit = name.removesuffix(".service")
        if unit == "nginx":
            nginx("start" if what == "enable" else what)
        elif not name.endswith(".timer"):
            if what in ("stop", "restart"):
                stop(unit)
            if what in ("start", "restart", "enable"):
                start(unit)
    return 0


if __name__ == "__main__":
    sys.exit(main())
