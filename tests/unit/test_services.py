"""The service units and the operator's guide: what they name is there."""

import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gisapp.commands import HOST_COMMANDS
from gisapp.paths import CHECKOUT

SYSTEMD = CHECKOUT / "docker/systemd"
GUIDE = (CHECKOUT / "docs/operator/production.md").read_text(encoding="utf-8")
UNITS = sorted(SYSTEMD.glob("*.service"))
APP = "/srv/krit-gis/app/"


def values(unit: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_01_a_service_runs_what_there_is_without_rights_that_it_does_not_need(unit: Path) -> None:
    program, *words = values(unit, "ExecStart")[0].split()
    if program == f"{APP}.venv/bin/gisapp":
        assert words[0] in {one.name for one in HOST_COMMANDS}
    else:
        assert (CHECKOUT / program.removeprefix(APP)).stat().st_mode & 0o111
    assert values(unit, "User") == ["krit-gis"]
    assert values(unit, "EnvironmentFile") == ["/etc/krit-gis/env"]
    for name, wanted in (("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"), ("PrivateTmp", "yes")):
        assert values(unit, name) == [wanted]
    assert (CHECKOUT / values(unit, "Documentation")[0].removeprefix(f"file:{APP}")).exists()


def test_02_systemd_understands_them(tmp_path: Path) -> None:
    """With programs of this machine in place of those of the server."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        for unit in UNITS:  # what it would complain about first
            assert re.match(r"\[Unit\]\n", unit.read_text(encoding="utf-8"))
        return
    for unit in SYSTEMD.glob("krit-gis-*.*"):
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        [analyze, "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))], capture_output=True, text=True
    )
    complaints = [line for line in done.stderr.splitlines() if "krit-gis" in line]
    assert complaints == []


def test_03_the_guide_names_every_service_and_only_files_that_are_there() -> None:
    for unit in SYSTEMD.glob("krit-gis-*"):
        assert unit.name in GUIDE or unit.stem in GUIDE, unit.name
    for name in set(re.findall(r"docker/[\w./*-]+", GUIDE)):
        assert list(CHECKOUT.glob(name.rstrip("."))), name


@pytest.mark.parametrize("script", [SYSTEMD / "krit-gis", SYSTEMD / "nightly-backup"], ids=lambda path: path.name)
def test_04_scripts_are_sound(script: Path) -> None:
    assert subprocess.run(["sh", "-n", str(script)], capture_output=True).returncode == 0


def test_05_the_command_reads_the_services_environment(tmp_path: Path) -> None:
    app = tmp_path / "app/.venv/bin"
    app.mkdir(parents=True)
    (app / "gisapp").write_text('#!/bin/sh\nprintf "%s|" "$SITE_NAME" "$PWD" "$@"\n')
    (app / "gisapp").chmod(0o755)
    environment = tmp_path / "env"
    environment.write_text('SITE_NAME="Karte des Amtes"\n')
    tmp_path.chmod(0o755)
    me = pwd.getpwuid(os.getuid()).pw_name
    done = subprocess.run(
        ["sh", str(SYSTEMD / "krit-gis"), "check", "zwei Worte"], capture_output=True, text=True,
        env={"PATH": os.environ["PATH"], "KRIT_GIS_APP": str(tmp_path / "app"), "KRIT_GIS_ENV": str(environment), "KRIT_GIS_USER": me},
    )  # fmt: skip
    assert done.stdout == f"Karte des Amtes|{tmp_path / 'app'}|check|zwei Worte|", done.stderr


def test_06_the_guide_fills_in_every_name_of_the_web_servers_template() -> None:
    template = (CHECKOUT / "docker/nginx/krit-gis.conf.template").read_text(encoding="utf-8")
    names = set(re.findall(r"\$\{([A-Z_]+)\}", template))
    assert names, "the template has names to be filled in"
    for name in names:
        assert f"{name}=" in GUIDE and f"${name}" in GUIDE, name
