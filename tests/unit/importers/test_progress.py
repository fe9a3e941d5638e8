"""How far it is: lines where there is no terminal, nothing where nobody asked."""

import pytest

from importers import progress


def test_01_a_line_every_few_seconds(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.shown() as reporter:
        reporter.step("lesen", 100)
        for second in range(12):
            now[0] = float(second)
            reporter.rows(5)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == ["lesen: 30 / 100", "lesen: 55 / 100"]


def test_02_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown(quiet=True) as reporter:
        reporter.step("lesen")
        reporter.rows(1)
    assert capsys.readouterr() == ("", "")


def test_03_a_bar_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    with progress.shown() as reporter:
        reporter.step("lesen", 10)
        reporter.rows(10)
    assert capsys.readouterr().out == ""
