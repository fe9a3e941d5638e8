"""A small fibre network in the town: a PoP, a cabinet, a street with house leads, every state of a trench, a coupled tube."""

from typing import Any


def _one(statement: str, *values: Any) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def _line(x0: float, y0: float, *corners: tuple[float, float]) -> str:
    places = ", ".join(f"{x0 + x} {y0 + y}" for x, y in corners)
    return f"SRID=25832;LINESTRING({places})"


def build_network(lon: float, lat: float) -> None:
    """Around this place (WGS 84), for the organisation of the town."""
    from django.db import transaction

    from gisapp.accounts.models import Membership, Organisation, User

    amt = Organisation.objects.get(key="amt")
    planner = User.objects.create_user("planung@example.org", "Ein-langes-Passwort-7")
    Membership.objects.create(user=planner, organisation=amt, role="planner")
    net = _one(
        "INSERT INTO fibre_network (key, name, organisation_id) VALUES ('probe', 'Netz Probe', %s) RETURNING id", amt.pk
    )
    centre = _one("SELECT ST_AsText(ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 4326), 25832))", lon, lat)
    x0, y0 = map(float, centre[6:-1].split())

    def node(x: float, y: float, kind: str, name: str | None, state: str = "in_service") -> Any:
        return _one(
            "INSERT INTO fibre_node (network_id, kind, name, lifecycle, geom) VALUES (%s, %s, %s, %s, ST_SetSRID(ST_MakePoint(%s, %s), 25832)) "
            "RETURNING id", net, kind, name, state, x0 + x, y0 + y,
        )  # fmt: skip

    def segment(name: str | None, state: str, *corners: tuple[float, float]) -> Any:
        return _one(
            "INSERT INTO fibre_segment (network_id, name, lifecycle, construction, geom) VALUES (%s, %s, %s, 'plough', %s) RETURNING id",
            net, name, state, _line(x0, y0, *corners),
        )  # fmt: skip

    node(-300, 0, "pop", "PoP Probe")
    cabinet = node(0, 0, "cabinet", "NVt-07")
    node(150, 0, "manhole", "S-12")
    feeder = segment("T-1", "in_service", (-300, 0), (-150, 8), (0, 0))
    street = [segment("T-2", "in_service", (0, 0), (150, 0)), segment("T-3", "in_service", (150, 0), (300, 0))]
    segment("T-4", "planned", (0, 0), (0, 160))
    segment("T-5", "under_construction", (0, 0), (0, -160))
    segment("T-6", "decommissioned", (300, 0), (420, 60))
    segment("T-7", "out_of_service", (300, 0), (420, -60))
    for number, x in enumerate((60, 120, 220), start=1):
        node(x, 30, "building", f"Haus {number}")
        segment(None, "in_service", (x, 0), (x, 30))
    with transaction.atomic():
        parts = _one(
            "SELECT array_agg(id ORDER BY ST_XMin(geom)) FROM fibre_segment WHERE network_id = %s AND ST_YMax(geom) - ST_YMin(geom) < 0.1",
            net,
        )
        bundle = _one("SELECT fibre_lay(%s, '24x7/4', 'RV-123', %s)", net, [feeder, *parts])
    with transaction.atomic():
        tube = _one("SELECT id FROM fibre_tube WHERE duct_id = %s AND position = 1", bundle)
        behind = _one("SELECT fibre_cut_tube(%s, %s)", tube, cabinet)
        before = _one("SELECT id FROM fibre_tubesection WHERE tube_id = %s AND to_node_id = %s", tube, cabinet)
        _one("SELECT fibre_couple('EZV 7', %s, 'b', %s, 'a')", before, behind)
    assert len(street) == 2
    _cables(net, feeder)


def _cables(net: Any, feeder: Any) -> None:
    """A cable from the PoP to the cabinet, whose first fibre is on the ODF's first port and spliced on to the manhole."""
    from django.db import transaction

    def cable(name: str, a: str, b: str, segment: Any) -> Any:
        key = _one(
            "INSERT INTO fibre_cable (network_id, name, spec_id, lifecycle, from_node_id, to_node_id) SELECT %s, %s, '24', 'in_service', a.id, b.id "
            "FROM fibre_node a, fibre_node b WHERE a.name = %s AND b.name = %s RETURNING id", net, name, a, b,
        )  # fmt: skip
        _one(
            "INSERT INTO fibre_cablestep (cable_id, ordinal, segment_id) VALUES (%s, 1, %s) RETURNING id", key, segment
        )
        return key

    def enclosure(name: str, at: str, spec: str, *cables: Any) -> Any:
        key = _one(
            "INSERT INTO fibre_enclosure (network_id, name, spec_id, node_id) SELECT %s, %s, %s, id FROM fibre_node WHERE name = %s RETURNING id",
            net, name, spec, at,
        )  # fmt: skip
        for one in cables:
            _one("SELECT fibre_enter(%s, %s)", one, key)
        return key

    with transaction.atomic():
        first = cable("K1", "PoP Probe", "NVt-07", feeder)
        onward = _one(
            "SELECT s.id FROM fibre_segment s JOIN fibre_node a ON a.id = s.from_node_id WHERE a.name = 'NVt-07' AND s.lifecycle = 'in_service'"
        )
        end = _one("SELECT to_node_id FROM fibre_segment WHERE id = %s", onward)
        _one("UPDATE fibre_node SET name = 'A-1' WHERE id = %s RETURNING id", end)
        second = cable("K2", "NVt-07", "A-1", onward)
        frame = enclosure("ODF-1", "PoP Probe", "odf-144", first)
        closure = enclosure("M-07", "NVt-07", "muffe-144", first, second)
        _one("SELECT fibre_pigtail(%s, %s, 1, 1)", frame, first)
        _one("SELECT fibre_splice(%s, %s, 1, %s, 14)", closure, first, second)
    _taken(net)


def _taken(net: Any) -> None:
    """A cable in the bundle's second tube, the third leased, the fourth reserved; a trench that is somebody else's; a surveyed one."""
    from django.db import transaction

    from gisapp.accounts.models import Organisation

    works = Organisation.objects.create(key="stadtwerke", name="Stadtwerke Probe", kind="zweckverband")
    _one("UPDATE fibre_segment SET owner_id = %s WHERE name = 'T-3' RETURNING id", works.pk)
    _one(
        "UPDATE fibre_segment SET depth_cm = 60, depth_reference = 'cover', width_cm = 30 WHERE name = 'T-1' RETURNING id"
    )
    with transaction.atomic():
        blown = _one(
            "INSERT INTO fibre_cable (network_id, name, spec_id, lifecycle, from_node_id, to_node_id) SELECT %s, 'K3', '24', 'in_service', "
            "x.from_node_id, x.to_node_id FROM fibre_tubesection x JOIN fibre_tube t ON t.id = x.tube_id AND t.position = 2 RETURNING id", net,
        )  # fmt: skip
        _one(
            "INSERT INTO fibre_cablestep (cable_id, ordinal, section_id) SELECT %s, 1, x.id FROM fibre_tubesection x "
            "JOIN fibre_tube t ON t.id = x.tube_id AND t.position = 2 RETURNING id", blown,
        )  # fmt: skip
        for position, kind in ((3, "lease"), (4, "reservation")):
            _one(
                "INSERT INTO fibre_lease (kind, tube_id, tenant_id, purpose, begins_on) SELECT %s, id, %s, 'Mobilfunk', '2026-01-01' "
                "FROM fibre_tube WHERE position = %s RETURNING id", kind, works.pk, position,
            )  # fmt: skip
    with transaction.atomic():
        olt = _one(
            "INSERT INTO fibre_device (network_id, name, node_id, kind, port_count, lifecycle, optics_id) SELECT %s, 'OLT-1', id, 'olt', 4, "
            "'in_service', 'gpon-b+' FROM fibre_node WHERE name = 'PoP Probe' RETURNING id", net,
        )  # fmt: skip
        _one(
            "SELECT fibre_patch(a.id, b.id) FROM fibre_port a, fibre_port b JOIN fibre_enclosure e ON e.id = b.enclosure_id AND e.name = 'ODF-1' "
            "WHERE a.device_id = %s AND a.number = 1 AND b.number = 1", olt,
        )  # fmt: skip
