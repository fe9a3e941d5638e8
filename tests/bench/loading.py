"""wrk as the load: a list of paths, some connections, some seconds; requests per second and latencies."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).parent / "paths.lua"


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw. Latencies in milliseconds."""

    per_second: float
    p50: float
    p99: float
    failed: int
    megabytes_per_second: float


def _milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m|h)", text)
    if not match:
        raise ValueError(f"no latency: {text}")
    number, unit = match.groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}[unit]


def _megabytes(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([KMG]?)B", text).groups()  # type: ignore[union-attr]
    return float(number) * {"": 1e-6, "K": 1e-3, "M": 1, "G": 1e3}[unit]


def load(base: str, paths: list[str], connections: int, seconds: int, *, gzip: bool = True, token: str = "") -> Load:
    """Ask for the paths in turn. A part of the time before is a warm-up that is not counted."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(paths) + "\n")
        file.flush()
        for length in (max(1, seconds // 4), seconds):
            command = [
                "wrk",
                "-t1",
                f"-c{connections}",
                f"-d{length}s",
                "--timeout",
                "30s",
                "--latency",
                "-s",
                str(SCRIPT),
            ]
            headers = ["-H", "Accept-Encoding: gzip"] if gzip else []
            headers += ["-H", f"Authorization: Bearer {token}"] if token else []
            done = subprocess.run(
                [*command, *headers, base, "--", file.name], capture_output=True, text=True, check=True
            )
    return parse(done.stdout)


def parse(text: str) -> Load:
    """The figures in wrk's output."""

    def found(pattern: str) -> str:
        match = re.search(pattern, text)
        if not match:
            raise ValueError(f"wrk said something else:\n{text}")
        return match[1]

    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return Load(
        per_second=float(found(r"Requests/sec:\s+([\d.]+)")),
        p50=_milliseconds(found(r"(?m)^\s+50%\s+(\S+)")),
        p99=_milliseconds(found(r"(?m)^\s+99%\s+(\S+)")),
        failed=(int(failed[1]) if failed else 0) + (sum(map(int, errors.groups())) if errors else 0),
        megabytes_per_second=_megabytes(found(r"Transfer/sec:\s+(\S+)")),
    )
