"""Every direct dependency has its reason in docs/dependencies.md, and every reason its dependency."""

import json
import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs/dependencies.md"


def documented() -> set[str]:
    rows = re.findall(r"^\| ([a-z][\w.-]*) \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert all(reason.strip() for _name, reason in rows)
    return {name for name, _reason in rows}


def direct() -> set[str]:
    names: set[str] = set()
    for path in (CHECKOUT / "requirements").glob("*.in"):
        names |= set(re.findall(r"^([a-z][\w-]*)", path.read_text(), re.MULTILINE))
    package = json.loads((CHECKOUT / "gisapp/map/vendor/package.json").read_text())
    return names | set(package["dependencies"]) | set(package["devDependencies"])


def installed_by_bootstrap() -> set[str]:
    """The package names that the script passes to apt-get."""
    text = (CHECKOUT / "docker/bootstrap.sh").read_text()
    asked = text[text.index("missing_for()") : text.index("server_packages()")]
    names = set(re.findall(r"(?:echo |printf '%s\\n' )((?:[a-z0-9-]+ ?)+)", asked))
    return {name for group in names for name in group.split()}


def test_every_dependency_has_a_reason() -> None:
    assert direct() - documented() == set()
    assert installed_by_bootstrap() - documented() == set()


def test_no_reason_without_a_dependency() -> None:
    script = (CHECKOUT / "docker/bootstrap.sh").read_text()
    left = documented() - direct()
    assert {name for name in left if "-N" not in name and name not in script} == set()


def test_bootstrap_is_read_by_this_test() -> None:
    assert {"chromium", "gdal-bin", "poppler-utils", "qgis", "nginx", "tzdata"} <= installed_by_bootstrap()


def test_no_file_of_the_set_up_names_a_registrys_host() -> None:
    files = [
        *(CHECKOUT / "requirements").glob("*.txt"),
        *(CHECKOUT / "docker").glob("*.sh"),
        CHECKOUT / "gisapp/map/vendor/package-lock.json",
        CHECKOUT / "Makefile",
    ]
    for path in files:
        text = re.sub(r'"(url|funding)": .*', "", path.read_text())
        assert not re.search(r"https?://(?!127\.0\.0\.1)", text), path
        assert '"resolved"' not in text
