"""Every operation of both OpenAPI documents is asked with generated values, as three askers: no answer is a fault of the
server, and every answer is one that the document promises (schemathesis).

The values are the same at every run (derandomised). Nothing is excluded.
"""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from hypothesis import HealthCheck, Phase, given, settings, strategies
from hypothesis.errors import Unsatisfiable
from rest_framework.throttling import SimpleRateThrottle
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from gisapp import layer
from gisapp.accounts import tokens
from gisapp.accounts.models import User
from gisapp.history.recording import recorded
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

EXAMPLES = int(os.environ.get("GISAPP_TEST_EXAMPLES", "12"))
"""Values for an operation, asker and mode; GISAPP_TEST_EXAMPLES=200 looks further, for as many minutes."""

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
# Whoever asks says so by the headers below; made-up log-ins would turn most askers into nobody.
CONFIG = SchemathesisConfig(
    projects=ProjectsConfig(default=ProjectConfig(generation=GenerationConfig(with_security_parameters=False)))
)
POINT = {"type": "Point", "coordinates": [9.7, 54.42]}
ASKERS: dict[str, Callable[[], User | None]] = {
    "anyone": lambda: None,
    "staff": factories.staff,
    "operator": factories.operator,
}


@pytest.fixture(autouse=True)
def _unthrottled() -> Iterator[None]:
    """The limits are tested elsewhere; here they would hide everything behind the first hundred requests."""
    with mock.patch.object(SimpleRateThrottle, "THROTTLE_RATES", dict.fromkeys(("write", "search", "download"))):
        yield


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """The test's transaction goes on from request to request, as it does with Django's own client."""
    signals = (request_started, request_finished)
    for one in signals:
        one.disconnect(close_old_connections)
    yield
    for one in signals:
        one.connect(close_old_connections)


class World:
    """One row of every layer, and a change that can be taken back."""

    def __init__(self) -> None:
        of = factories.organisation()
        with recorded("api", user=None, reason="Probe"):
            self.keys = {layer: str(make(of).pk) for layer, make in factories.ONE_OF.items()}
        with connection.cursor() as cursor:
            cursor.execute("SELECT pgh_id, pgh_context_id FROM notes_noteevent ORDER BY pgh_id DESC LIMIT 1")
            self.event, self.change = (str(one) for one in cursor.fetchone())

    def parameters(self, path: str, values: dict[str, Any], pick: int) -> dict[str, Any]:
        """Most path parameters name something that exists: a made-up layer shows no more than a 404."""
        layer = list(self.keys)[pick % len(self.keys)] if pick % 3 else "notes"
        named = re.search(r"/collections/(\w+)", path)
        key = self.keys[named[1] if named else layer]
        known = {
            "layer": layer,
            "name": layer,
            "key": key,
            "featureId": key,
            "event": self.event,
            "change": self.change,
        }
        return {name: known.get(name, value) if pick % 5 else value for name, value in values.items()}


def _told(error: Failure | FailureGroup) -> str:
    parts = error.exceptions if isinstance(error, FailureGroup) else [error]
    return " | ".join(f"{one} {getattr(one, 'message', '')}" for one in parts) + f" {error}"


def _changed(case: Any, world: World, pick: int) -> Any:
    """The case with some of its made-up values replaced by such as lead further in."""
    if case.path_parameters:
        case.path_parameters = world.parameters(case.operation.path, case.path_parameters, pick)
    if isinstance(case.body, dict) and pick % 2:
        sent = {"title": "Schacht", "text": f"{pick}"} if pick % 4 == 1 else case.body.get("properties", {})
        case.body = {**case.body, "geometry": POINT, "properties": sent}
    if case.query and pick % 3:
        case.query.pop("fields", None)
    return case


def _ask(schema: Any, headers: dict[str, str], world: World) -> tuple[list[str], list[str]]:
    """Ask every operation: the names of all that were asked, and what is wrong with the answers."""
    asked, wrong = [], []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        asked.append(operation.label)
        # The layers' addresses in /ogc/ are made of one pattern: one of them is looked at closely.
        close = not re.search(r"/collections/(?!notes\b)", operation.path)
        for mode in GenerationMode:

            @settings(
                max_examples=EXAMPLES if close else max(EXAMPLES // 6, 1), derandomize=True, deadline=None, database=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(case=operation.as_strategy(mode), pick=strategies.integers(0, 999))
            def one(case: Any, pick: int) -> None:
                _changed(case, world, pick).call_and_validate(headers=headers, checks=CHECKS)

            try:
                one()
            except Unsatisfiable:  # where any text will do, nothing can be asked wrongly
                assert mode is GenerationMode.NEGATIVE, operation.label
                assert not operation.body, operation.label
            except (FailureGroup, Failure) as error:
                wrong.append(f"{operation.label} ({mode.value}): {_told(error)}")
    return asked, wrong


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize("document", ["/api/schema/", "/ogc/api?f=json"])
def test_01_every_operation_keeps_what_its_document_says(document: str, asker: str) -> None:
    user, world = ASKERS[asker](), World()
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if user is not None:
        headers["Authorization"] = f"Bearer {tokens.make(user, 'Probe', scopes=['read', 'write'])[1]}"
    schema = schemathesis.openapi.from_wsgi(document, WSGIHandler(), config=CONFIG, headers=headers)
    asked, wrong = _ask(schema, headers, world)
    assert not wrong, "\n\n".join(wrong)
    if document.startswith("/api/"):
        assert {"POST /api/layers/{layer}/features/", "GET /api/download/{name}", "GET /api/search"} <= set(asked)
    else:
        assert ("POST /collections/notes/items" in asked) == (user is not None)
        assert all(f"GET /collections/{one.name}/items" in asked for one in layer.visible_layers(user))
