"""The replica's metrics. Imported where there is one: a gauge that nobody sets would say that it is never used."""

from prometheus_client import Counter, Gauge

from gisapp.observe.metrics import REGISTRY
from gisapp.replica.watch import WATCH

IN_USE = Gauge(
    "gisapp_replica_in_use",
    "Is the replica asked by every web process? 1 or 0",
    multiprocess_mode="livemin",
    registry=REGISTRY,
)
LAG = Gauge(
    "gisapp_replica_lag_seconds",
    "How far the replica is behind, in seconds",
    multiprocess_mode="livemax",
    registry=REGISTRY,
)
READS = Counter(
    "gisapp_reads",
    "Reading requests of an installation with a replica: answered by it, by the primary, or asked of both",
    ["where"],
    registry=REGISTRY,
)


def note() -> None:
    """Put what the watch knows into the metrics."""
    state = WATCH.state()
    IN_USE.set(int(state.usable))
    LAG.set(state.lag)
    for where, count in WATCH.counted().items():
        READS.labels(where).inc(count)
