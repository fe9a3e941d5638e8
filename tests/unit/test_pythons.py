"""Every Python that pyproject.toml promises can install the locked packages; docker/prove-wheels.sh asks the index."""

import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
PROMISED = SpecifierSet(PROJECT["project"]["requires-python"])
VERSIONS = [f"3.{minor}" for minor in range(8, 30) if PROMISED.contains(f"3.{minor}.0")]
LOCKS = sorted((CHECKOUT / "requirements").glob("*.txt"))
LINUX = {"implementation_name": "cpython", "platform_python_implementation": "CPython", "sys_platform": "linux"}


def locked(lock: Path, version: str) -> dict[str, tuple[Requirement, int]]:
    """What pip installs from this lock with this Python: name -> the pin and how many files may be it."""
    pins: dict[str, tuple[Requirement, int]] = {}
    environment = {**LINUX, "python_version": version, "python_full_version": f"{version}.0"}
    for block in re.split(r"\n(?=\S)", lock.read_text()):
        pin = Requirement(block.partition("\\")[0].strip())
        if pin.marker is None or pin.marker.evaluate(environment):
            assert pin.name not in pins, f"{lock.name} pins {pin.name} twice for Python {version}"
            pins[pin.name] = (pin, len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block)))
    return pins


def asked(source: Path) -> set[str]:
    text = re.sub(r"^-r (.+)$", lambda match: (source.parent / match[1]).read_text(), source.read_text(), flags=re.M)
    return {canonicalize_name(name) for name in re.findall(r"^([A-Za-z][\w.-]*)", text, re.MULTILINE)}


def installed(pin: Requirement) -> Distribution | None:
    """The package in this environment if it is the very version of the pin."""
    try:
        found = distribution(pin.name)
    except PackageNotFoundError:
        return None
    return found if pin.specifier.contains(found.version) else None


def files_needed(package: Distribution) -> int:
    """One wheel serves every Python, or each needs its own: the tag of the one that is installed says it."""
    tags = re.findall(r"^Tag: (\w+)-(\w+)-", package.read_text("WHEEL") or "", re.MULTILINE)
    assert tags, package.name
    return 1 if any(python.startswith("py") or abi in {"abi3", "none"} for python, abi in tags) else len(VERSIONS)


def test_the_promise_is_the_same_everywhere() -> None:
    assert VERSIONS == ["3.11", "3.12", "3.13"]
    tools = PROJECT["tool"]
    assert tools["mypy"]["python_version"] == VERSIONS[0]
    assert tools["ruff"]["target-version"] == "py" + VERSIONS[0].replace(".", "")
    guide = (CHECKOUT / "docs/operator/installation.md").read_text()
    assert f"({VERSIONS[0]} bis {VERSIONS[-1]})" in guide


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_pin_is_exact_and_hashed(lock: Path, version: str) -> None:
    pins = locked(lock, version)
    assert asked(lock.with_suffix(".in")) <= set(pins)
    for name, (pin, hashes) in pins.items():
        assert [one.operator for one in pin.specifier] == ["=="], name
        assert hashes >= 1, name


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_installed_serves_every_python(version: str) -> None:
    """The packages' own word (Requires-Python), and enough files for those with a wheel for each Python."""
    looked_at = 0
    for lock in ("base", "dev"):
        for name, (pin, hashes) in locked(CHECKOUT / f"requirements/{lock}.txt", version).items():
            package = installed(pin)
            if package is None:  # another version is locked for this Python
                continue
            looked_at += 1
            allowed = SpecifierSet(package.metadata.get("Requires-Python", ""))
            assert allowed.contains(f"{version}.0"), f"{name} {package.version} wants Python {allowed}"
            shared = len(VERSIONS) if pin.marker is None or "python" not in str(pin.marker) else 1
            assert hashes >= min(files_needed(package), shared), f"{name}: {hashes} files for {VERSIONS}"
    assert looked_at > 80
