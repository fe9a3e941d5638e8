"""What the watch makes of positions and answers: lag without clocks, and which replica is none."""

import pytest

from gisapp.replica.watch import SILENT_SECONDS, Lag, State, Watch


def test_01_lag_is_the_age_of_the_oldest_position_that_is_missing() -> None:
    lag = Lag()
    for at, position in ((10, 100), (11, 100), (12, 250), (13, 400)):
        lag.note(at, position)
    assert lag.of(400, 20) == (0, 0)
    assert lag.of(999, 20) == (0, 0), "ahead of our last look"
    assert lag.of(250, 20) == (7, 150)
    assert lag.of(240, 20) == (8, 160)
    assert lag.of(0, 20) == (10, 400)


def test_02_an_idle_primary_makes_nobody_late() -> None:
    lag = Lag()
    for at in range(1000):
        lag.note(at, 100)
    assert lag.of(100, 1000) == (0, 0)


def test_03_a_primary_that_was_restored_counts_anew() -> None:
    lag = Lag()
    lag.note(1, 5000)
    lag.note(2, 100)
    assert lag.of(100, 3) == (0, 0)
    assert lag.of(50, 3) == (1, 50)


@pytest.mark.parametrize(
    ("standby", "system", "lag", "reason"),
    [
        (True, 7, 0.0, ""),
        (True, 7, 5.1, "lags"),
        (False, 7, 0.0, "promoted"),
        (True, 8, 0.0, "foreign"),
    ],
)
def test_04_which_replica_is_asked(standby: bool, system: int, lag: float, reason: str) -> None:
    watch = Watch()
    watch._system = 7
    assert watch._reason(standby, system, lag) == reason


def test_05_without_the_primarys_identity_nobody_knows_whose_replica_it_is() -> None:
    assert Watch()._reason(True, 7, 0.0) == "unknown"


def test_06_an_answer_that_is_too_old_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch()
    assert watch.state().reason == "unknown"
    watch._become(State("", 100, 0.0, 0, at=1000.0))
    monkeypatch.setattr("time.monotonic", lambda: 1001.0)
    assert watch.state().usable
    watch.failed()
    assert watch.state().reason == "dead"
    watch._become(State("", 100, 0.0, 0, at=1000.0))
    monkeypatch.setattr("time.monotonic", lambda: 1002.0 + SILENT_SECONDS)
    assert watch.state().reason == "dead"
