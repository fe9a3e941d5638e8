"""docker/: what is written there keeps the rules of the house. The image itself is built where there is a Docker."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gisapp import programs
from tests.cluster.servers import DOCKER, filled, nginx_configuration

ROOT = DOCKER.parent
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = {name for name, one in SERVICES.items() if one.get("restart") == "no"}
"""Those that do their work and end."""
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
TEMPLATE = (DOCKER / "nginx/krit-gis.conf.template").read_text(encoding="utf-8")
# The images' own variables, and what every container has.
FOREIGN = {"POSTGRES_DB", "POSTGRES_PASSWORD_FILE", "PGDATA", "PATH", "HOME", "LANG", "PYTHONDONTWRITEBYTECODE"}


def _stages() -> dict[str, list[str]]:
    """Stage of the Dockerfile -> its instructions."""
    found: dict[str, list[str]] = {}
    for line in DOCKERFILE.splitlines():
        if line.startswith("FROM "):
            found[line.split()[3]] = []
        elif found and line.strip() and not line.startswith("#"):
            found[list(found)[-1]].append(line.strip())
    return found


def test_01_every_step_is_the_one_that_is_proven() -> None:
    runs = [line for lines in _stages().values() for line in lines if line.startswith("RUN ")]
    assert len(runs) >= 5
    for line in runs:
        step = re.fullmatch(r"RUN docker/bootstrap\.sh (image[a-z-]*)", line)
        assert step, line
        assert f"{step[1]})" in (DOCKER / "bootstrap.sh").read_text(encoding="utf-8"), line


def test_02_nobody_is_root_and_everybody_is_asked_for_health() -> None:
    assert re.match(r"(?s).*\nFROM debian:\d+\.\d+-slim AS base\n", DOCKERFILE), "a pinned base"
    for name in ("web", "pgbouncer", "qgis"):
        lines = _stages()[name]
        assert "USER 10001:10001" in lines, name
        assert any(line.startswith("HEALTHCHECK ") for line in lines), name
    web = _stages()["web"]
    assert 'ENTRYPOINT ["gisapp"]' in web and 'CMD ["serve"]' in web, "the code path of gisapp serve"
    for name, one in SERVICES.items():
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", one.get("user", "")), f"{name} runs as root"
        assert one["cap_drop"] == ["ALL"] and "no-new-privileges:true" in one["security_opt"], name
        assert name in ONCE or one["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
    assert {"setup", "qgis-project"} == ONCE


def test_03_only_nginx_is_reached_from_outside() -> None:
    assert {name for name, one in SERVICES.items() if "ports" in one} == {"nginx"}
    assert SERVICES["nginx"]["ports"] == ["${HTTP_BIND:-127.0.0.1:8080}:8080"]
    assert COMPOSE["networks"]["data"] == {"internal": True}
    for name in ("postgis", "replica", "pgbouncer"):
        assert SERVICES[name]["networks"] == ["data"], name
    assert "data" not in SERVICES["nginx"]["networks"]


def test_04_images_are_pinned() -> None:
    for name, one in SERVICES.items():
        image = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", one["image"])
        assert re.fullmatch(r"[a-z0-9./-]+:\d[\w.-]*", image), f"{name}: {image}"


def test_05_no_secret_is_in_it_and_every_one_is_made() -> None:
    text = (DOCKER / "compose.yml").read_text(encoding="utf-8")
    assert not re.search(r"(?i)(password|secret_key|token): *[A-Za-z0-9]{4,}", text)
    made = (DOCKER / "secrets.sh").read_text(encoding="utf-8")
    names = {name for one in SERVICES.values() for name in one.get("secrets", [])}
    assert names == set(COMPOSE["secrets"])
    for name in names:
        assert re.search(rf"\bsecret {name}\b", made) or name.endswith("_password"), name
    assert "docker/secrets" in (ROOT / ".gitignore").read_text(encoding="utf-8")


def test_06_secrets_are_made_once(tmp_path: Path) -> None:
    for _turn in range(2):
        subprocess.run([str(DOCKER / "secrets.sh"), str(tmp_path / "s")], check=True, capture_output=True)
    found = {path.name: path.read_text() for path in (tmp_path / "s").iterdir()}
    assert set(found) == set(COMPOSE["secrets"])
    passwords = [found[name] for name in found if name.endswith("_password")]
    assert len(set(passwords)) == len(passwords) == 5
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", one) for one in passwords)
    assert found["web_password"] in found["web_database_url"] and found["public_password"] in found["pg_service"]
    before = found["secret_key"]
    subprocess.run([str(DOCKER / "secrets.sh"), str(tmp_path / "s")], check=True, capture_output=True)
    assert (tmp_path / "s" / "secret_key").read_text() == before


def _named() -> set[str]:
    """Every variable that compose.yml, the Dockerfile and the templates name."""
    found = set()
    for one in SERVICES.values():
        found |= set(one.get("environment", {}))
    for path in ("compose.yml", "nginx/krit-gis.conf.template", "pgbouncer/pgbouncer.ini.template"):
        found |= set(re.findall(r"\$\{([A-Z][A-Z0-9_]+)", (DOCKER / path).read_text(encoding="utf-8")))
    for lines in _stages().values():
        for line in lines:
            if line.startswith("ENV "):
                found |= set(re.findall(r"\b([A-Z][A-Z0-9_]+)=", line))
    return found - FOREIGN


def test_07_every_variable_is_documented() -> None:
    guide = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs/operator").glob("*.md"))
    told = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", guide))
    assert _named() - told == set()


def test_08_the_guide_says_what_has_not_been_tried() -> None:
    guide = (ROOT / "docs/operator/docker.md").read_text(encoding="utf-8")
    assert "noch nicht gebaut" in guide


def test_09_shell_scripts_are_sound() -> None:
    for path in [*DOCKER.glob("*.sh"), *DOCKER.glob("*/*.sh")]:
        assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0, path
        assert path.stat().st_mode & 0o111, path


def test_10_the_templates_are_filled_whole() -> None:
    environment = set(SERVICES["nginx"]["environment"])
    assert set(re.findall(r"\$\{(\w+)\}", TEMPLATE)) == environment
    with pytest.raises(AssertionError, match="not filled in"):
        filled(DOCKER / "nginx/krit-gis.conf.template", LISTEN="8080")


def test_11_nginx_takes_the_configuration(tmp_path: Path) -> None:
    """With nginx on the machine (make test-cluster installs it) it is asked itself."""
    configuration = nginx_configuration(tmp_path, 8080, ["127.0.0.1:1", "127.0.0.1:2"])
    text = (tmp_path / "site.conf").read_text(encoding="utf-8")
    assert "${" not in text
    assert text.count("{") == text.count("}"), "every bracket is closed"
    nginx = programs.find("nginx")
    if nginx:
        command = [nginx, "-t", "-e", str(tmp_path / "e.log"), "-p", str(tmp_path), "-c", str(configuration)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
