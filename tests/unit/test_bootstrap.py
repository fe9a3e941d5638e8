"""docker/bootstrap.sh: what it finds missing, and what it says on machines that are not this one."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from gisapp import programs

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPT = CHECKOUT / "docker/bootstrap.sh"
TOOLS = ("basename", "bash", "cat", "cut", "dirname", "find", "grep", "head", "id", "sort", "tail")
# What Ubuntu 24.04's package chromium-browser installs: it starts the snap or asks for it.
STUB = """#!/bin/sh
if ! [ -x /snap/bin/no-such-chromium ]; then
  echo "Command '$0' requires the chromium snap to be installed." >&2
  echo "Please install it with: snap install chromium" >&2
  exit 1
fi
exec /snap/bin/no-such-chromium "$@"
"""


def say(text: str) -> str:
    return f"#!/bin/sh\necho '{text}'\n"


DEBIAN = say("Chromium 156.0.8078.79 built on Debian GNU/Linux 12 (bookworm)")
GOOGLE = say("Google Chrome 128.0.6613.119 ")
SNAP = say("Chromium 128.0.6613.119 snap")
BROKEN = "#!/bin/sh\necho 'error while loading shared libraries: libnss3.so' >&2\nexit 127\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing in it but what the script itself uses; programs are added by `put`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(folder))
    for name in ("CHROMIUM", "DATABASE_URL", "GISAPP_PRIVILEGE", "GISAPP_PYTHON"):
        monkeypatch.delenv(name, raising=False)
    programs._says.cache_clear()
    return folder


def put(machine: Path, **files: str) -> None:
    for name, text in files.items():
        path = machine / name.replace("_", "-")
        path.write_text(text)
        path.chmod(0o755)


def run(machine: Path, commands: str, distribution: str = "debian") -> subprocess.CompletedProcess[str]:
    """Read the script's functions on a machine of this distribution, then run the commands."""
    release = machine / "os-release"
    release.write_text(f'NAME="X"\nID={distribution}\nID_LIKE=debian\n')
    return subprocess.run(
        [machine / "bash", "-c", f'os_release="$2"; source "$1"; {commands}', "bash", SCRIPT, release],
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, None),
        ({"chromium": DEBIAN}, "chromium"),
        ({"google_chrome": GOOGLE}, "google-chrome"),
        ({"chromium_browser": STUB}, None),
        ({"chromium": SNAP}, None),
        ({"chromium": BROKEN}, None),
        ({"chromium_browser": STUB, "google_chrome": GOOGLE}, "google-chrome"),
    ],
)
def test_a_chromium_that_cannot_be_driven_is_none(machine: Path, files: dict[str, str], found: str | None) -> None:
    put(machine, **files)
    assert programs.chromium() == (str(machine / found) if found else None)
    assert programs.find("chromium") == programs.chromium()
    assert run(machine, "has_chromium").returncode == (0 if found else 1)
    refused = programs.undrivable_chromium()
    assert refused == (str(machine / next(iter(files)).replace("_", "-")) if files and not found else None)


def test_chromium_can_be_named(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(machine, chromium_browser=STUB)
    put(tmp_path, own=GOOGLE)
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "own"))
    assert programs.chromium() == str(tmp_path / "own")
    assert run(machine, "privilege() { echo root; }; required_programs", "ubuntu").stdout == "browser,qgis\n"
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "missing"))
    assert programs.chromium() is None
    assert run(machine, "has_chromium").returncode == 1


@pytest.mark.parametrize(
    ("distribution", "files", "asked", "required"),
    [
        ("debian", {}, True, "browser,qgis"),
        ("debian", {"chromium": DEBIAN}, False, "browser,qgis"),
        ("ubuntu", {}, False, "qgis"),
        ("ubuntu", {"chromium_browser": STUB}, False, "qgis"),
        ("ubuntu", {"google_chrome": GOOGLE}, False, "browser,qgis"),
    ],
)
def test_what_is_missing_for_the_tests(
    machine: Path, distribution: str, files: dict[str, str], asked: bool, required: str
) -> None:
    put(machine, **files)
    done = run(machine, "missing_for test", distribution)
    assert done.returncode == 0, done.stderr
    assert ("chromium" in done.stdout.split()) == ("fonts-liberation" in done.stdout.split()) == asked
    assert {"gdal-bin", "poppler-utils", "qgis", "python3-qgis"} <= set(done.stdout.split())
    assert run(machine, "privilege() { echo root; }; required_programs", distribution).stdout == f"{required}\n"
    assert run(machine, "privilege() { echo none; }; required_programs", distribution).stdout == ""


@pytest.mark.parametrize("stub", [False, True])
def test_ubuntu_without_a_browser_is_one_clear_line(machine: Path, stub: bool) -> None:
    if stub:
        put(machine, chromium_browser=STUB)
    said = run(machine, "missing_for test", "ubuntu").stderr
    assert re.fullmatch(r"Hinweis: Chromium fehlt; .* Wozu: .*Browser-Tests.* Abhilfe: .*CHROMIUM=.*\n", said)
    assert ("chromium-browser ist nur ein Verweis darauf" in said) == stub
    assert run(machine, "missing_for test", "debian").stderr == ""
    assert run(machine, "missing_for demo", "ubuntu").stderr == ""


@pytest.mark.parametrize(("release", "major"), [("bookworm", 15), ("noble", 16), ("trixie", 17)])
def test_the_server_is_the_distributions_newest(machine: Path, release: str, major: int) -> None:
    others = ["postgresql-9-postgis-3 - older", f"postgresql-{major}-postgis-3 - Geographic objects support"]
    put(machine, apt_cache="#!/bin/sh\n" + "".join(f"echo '{one}'\n" for one in others))
    done = run(machine, "server_packages")
    base = f"postgresql-{major}"
    assert done.stdout.split() == [base, f"{base}-postgis-3", f"{base}-postgis-3-scripts"], release


def test_no_server_in_the_lists_is_an_error(machine: Path) -> None:
    put(machine, apt_cache="#!/bin/sh\n")
    assert run(machine, "server_packages").returncode == 1


def test_the_pythons_that_serve_are_those_of_the_project(machine: Path) -> None:
    wanted = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["requires-python"]
    low, below = (tuple(int(one) for one in part.split(".")) for part in re.findall(r"[\d.]+", wanted))
    text = SCRIPT.read_text()
    low_in_script, high_in_script = re.search(r"not \((\d+, \d+)\) <= sys.version_info\[:2\] <= \((\d+, \d+)\)", text).groups()  # type: ignore[union-attr]  # fmt: skip
    assert low_in_script == f"{low[0]}, {low[1]}"
    assert high_in_script == f"{below[0]}, {below[1] - 1}"
    names = {f"python{low[0]}.{minor}" for minor in range(low[1], below[1])}
    assert names <= set(re.findall(r"python3\.\d+", text))
    # A machine whose python3 is too old, with a fitting one beside it.
    put(machine, python3="#!/bin/sh\nexit 1\n")
    (machine / "python3.12").write_text("#!/bin/sh\nexit 0\n")
    (machine / "python3.12").chmod(0o755)
    assert run(machine, "find_python").stdout == "python3.12"
    (machine / "python3.12").unlink()
    said = run(machine, "find_python")
    assert said.returncode == 1
    assert "Fehler: Python 3.11, 3.12 oder 3.13 fehlt" in said.stderr
    assert "GISAPP_PYTHON" in said.stderr


@pytest.mark.parametrize(("processor", "works"), [("x86_64", True), ("aarch64", False)])
def test_a_processor_without_packages_is_one_clear_line(machine: Path, processor: str, works: bool) -> None:
    put(machine, uname=say(processor))
    done = run(machine, "require_wheels")
    assert done.returncode == (0 if works else 1)
    assert works or re.fullmatch(r"Fehler: Für aarch64 .*fiona.* Wozu: .* Abhilfe: .*x86_64.*\n", done.stderr)
