"""Address search: latencies of typed questions, a third of them misspelt, inside the process and without HTTP."""

import random
import time
from typing import Any

SEED, QUESTIONS = 5, 600


def _questions() -> list[str]:
    from gisapp.database import fetch_rows

    rows = fetch_rows(
        "SELECT street_name, house_number, postcode, locality FROM regions_address WHERE id %% 1511 = 11 ORDER BY id LIMIT %s",
        [QUESTIONS],
    )
    rng = random.Random(SEED)
    found = []
    for street, number, postcode, place in rows:
        drop = rng.randrange(1, len(street) - 1)
        misspelt = street[:drop] + street[drop + 1 :]
        kinds = (
            f"{street} {number} {place}", f"{street} {number}, {postcode} {place}", street, f"{misspelt} {number} {place}",
            f"{street.replace('straße', 'str.')} {number}", f"{place} {street}", street[:5], place, misspelt,
        )  # fmt: skip
        found.append(rng.choice(kinds))
    return found


def measure_search(addresses: int) -> list[dict[str, Any]]:
    """p50 and p99 in milliseconds over all layers, and how often the asked street came first."""
    from django.contrib.auth.models import AnonymousUser

    from gisapp.search.query import search

    user, taken = AnonymousUser(), []
    questions = _questions()
    for text in questions[:30]:
        search(text, user)
    for text in questions:
        begin = time.perf_counter()
        search(text, user)
        taken.append((time.perf_counter() - begin) * 1000)
    taken.sort()
    figures = {"p50": round(taken[len(taken) // 2], 1), "p99": round(taken[int(len(taken) * 0.99)], 1)}
    return [
        {
            "what": f"search, {addresses:,} addresses",
            "connections": 1,
            "ours": figures,
            "goal": 50 if addresses <= 300_000 else None,
        }
    ]
