"""How long a process waits for a database that says nothing."""

import pytest

from gisapp import connecting


@pytest.mark.parametrize("serving", [True, False])
def test_01_every_connection_has_limits(monkeypatch: pytest.MonkeyPatch, serving: bool) -> None:
    """A machine that is gone, or a server that stands still, holds nobody for ever."""
    for url in ("postgresql://gisapp@db.example/gisapp", ""):
        monkeypatch.setenv("DATABASE_URL", url)
        options = connecting.databases(serving)["default"]["OPTIONS"]
        assert isinstance(options, dict)
        assert 1 <= int(options["connect_timeout"]) <= 10
        assert 5_000 <= int(options["tcp_user_timeout"]) <= 60_000
        silent = int(options["keepalives_idle"]) + int(options["keepalives_interval"]) * int(
            options["keepalives_count"]
        )
        assert 5 <= silent <= 60


def test_02_the_address_may_say_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://gisapp@db.example/gisapp?connect_timeout=17&sslmode=require")
    options = connecting.databases(serving=False)["default"]["OPTIONS"]
    assert isinstance(options, dict)
    assert options["connect_timeout"] == "17"
    assert options["sslmode"] == "require"
    assert options["tcp_user_timeout"] == "25000"
