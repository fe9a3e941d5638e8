"""The house stands as drawn: arrows point one way, and gisapp names no layer."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_01_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_02_gisapp_names_no_layer() -> None:
    """Only INSTALLED_APPS may: a host that knows a layer's name is a host that must change with it."""
    from gisapp.layer import all_layers

    # "paths" is a word of OpenAPI and of the manifest of static files as well.
    names = "|".join(sorted({one.name for one in all_layers()} - {"paths"}))
    pattern = re.compile(rf"""["'/]({names})["'/]""")
    guilty = []
    for path in sorted((ROOT / "gisapp").rglob("*.py")) + sorted((ROOT / "gisapp/map/static/map").glob("*.js")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if pattern.search(line) and not line.lstrip().startswith(("#", "//", "*")):
                guilty.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not guilty, "\n".join(guilty)


def test_03_modules_and_functions_stay_readable() -> None:
    import ast

    long = []
    for folder in ("gisapp", "layers", "importers"):
        for path in (ROOT / folder).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            if text.count("\n") > 500:
                long.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno > 70:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert not long, "\n".join(long)


def test_04_the_product_names_no_place_it_was_made_in() -> None:
    """No registry's host and no address of a build machine stands in a tracked file."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    hosts = re.compile(r'"resolved": *"http|registry *= *"?http|index-url *=? *"?http|--extra-index-url')
    guilty = []
    for name in filter(None, tracked):
        path = ROOT / name
        if path.suffix in {".png", ".svg", ".mo"} or not path.is_file() or path == Path(__file__):
            continue
        if hosts.search(path.read_text(encoding="utf-8", errors="ignore")):
            guilty.append(name)
    assert not guilty


# Who may open a connection to another computer, and why. Everything else goes through gisapp/fetch.py.
OUTGOING = {
    "gisapp/fetch.py": "the guarded way out itself",
    "gisapp/commands/database.py": "the socket of the service manager on this machine",
    "gisapp/replica/watch.py": "ends our own connections to the replica; it opens none",
    "gisapp/mail/transport.py": "the mail server that EMAIL_URL names",
    "gisapp/tasks/worker.py": "asyncio runs the worker; it talks to the database alone",
    "gisapp/tasks/lasting.py": "the same",
    "gisapp/tasks/watchdog.py": "watches over asyncio's loop; opens nothing",
}
DIALLERS = {
    "socket", "http.client", "urllib.request", "urllib3", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib",
    "imaplib", "poplib", "xmlrpc.client", "websockets", "paramiko", "asyncio",
}  # fmt: skip


def _imports(path: Path) -> set[str]:
    """The modules that a file imports, but for names of exceptions alone."""
    import ast

    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {one.name for one in node.names if not one.name.endswith(("Error", "Exception"))}
            found |= {f"{node.module}.{one}" for one in names} | ({node.module} if names else set())
    return found


def test_05_nothing_but_the_guarded_fetcher_dials_out() -> None:
    guilty = []
    for folder in ("gisapp", "layers", "importers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            dials = {one for one in _imports(path) for way in DIALLERS if one == way or one.startswith(f"{way}.")}
            if dials and name not in OUTGOING:
                guilty.append(f"{name}: {', '.join(sorted(dials))}")
    assert not guilty, "\n".join(guilty)
    assert all((ROOT / name).is_file() for name in OUTGOING)
