"""What log lines and metrics cost on the tile path: processor time of this process, with and without, in turns.

    python -m tests.bench.observing        (on the demo region: gisapp demo)

The database's work and the wait for it are not in it; the share of a tile's whole cost is smaller still.
"""

import logging
import os
import statistics
import sys
import tempfile
import time

ROUNDS, TILES = 150, 40


def _seconds(handler: object, address: str) -> float:
    """Processor seconds of one tile."""
    from django.test import RequestFactory

    factory = RequestFactory(SERVER_NAME="127.0.0.1")
    requests = [factory.get(address, headers={"Accept-Encoding": "gzip"}) for _ in range(TILES)]
    begin = time.process_time()
    for request in requests:
        response = handler.get_response(request)  # type: ignore[attr-defined]
        assert response.status_code == 200, response.content
    return (time.process_time() - begin) / TILES


def _not_counted(*_: object) -> None:
    """In place of the metrics."""


def _measure(address: str) -> None:
    from django.conf import settings
    from django.core.handlers.base import BaseHandler

    from gisapp.observe import metrics

    counted = metrics.note_request

    def handler(middleware: list[str]) -> BaseHandler:
        settings.MIDDLEWARE = middleware
        made = BaseHandler()
        made.load_middleware()
        return made

    all_of_it = list(settings.MIDDLEWARE)
    bare = [one for one in all_of_it if not one.startswith("gisapp.observe")]
    settings.ACCESS_LOG = False
    kinds = {"bare": handler(bare), "number": handler(all_of_it), "metrics": handler(all_of_it)}
    settings.ACCESS_LOG = True
    logging.getLogger("gisapp.access").setLevel(logging.INFO)
    kinds["metrics+log"] = handler(all_of_it)
    found: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, made in kinds.items():
            # "number": the middleware with the request's number alone; what is more in "metrics" is the metrics' cost.
            metrics.note_request = _not_counted if name in {"bare", "number"} else counted
            found[name].append(_seconds(made, address))
    print(address)
    for name, values in found.items():
        # Each round against its own neighbour: what else runs on the machine slows both.
        more = statistics.median(value / base - 1 for value, base in zip(values, found["bare"], strict=True))
        print(f"  {name:<12}{statistics.median(values) * 1e6:8.1f} us   {100 * more:+.2f} %")


def main() -> None:
    """Measure a full and a small tile."""
    os.environ["GISAPP_SERVING"] = "1"
    os.environ["LOG_FORMAT"] = "json"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisapp.settings")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - the lines are written and thrown away
        import django

        from gisapp import cluster

        django.setup()
        with cluster.in_use():
            for address in sys.argv[1:]:
                _measure(address)
            from django.db import connections

            connections.close_all()


if __name__ == "__main__":
    main()
