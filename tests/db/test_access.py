"""The rule of tenancy in detail: areas, periods, closed organisations, moving out of reach - in the web and in SQL."""

import datetime
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from psycopg import sql

from gisapp import cluster
from gisapp import layer as contract
from gisapp.accounts import policies, scope
from gisapp.accounts.models import Area, DatabaseLogin, Membership, Organisation, User
from gisapp.accounts.roles import Role
from gisapp.layer import App, Members
from layers.notes.models import Note
from layers.regions.models import Place
from tests import factories
from tests.db.test_authorization import as_person

KIND = "application/json"


def _title(user: User) -> set[str]:
    return set(scope.seen(Note.objects.all(), user, set(Role)).values_list("title", flat=True))


@pytest.mark.django_db
def test_01_a_membership_limited_to_an_area_sees_and_edits_what_touches_it() -> None:
    organisation = factories.organisation()
    west = factories.area("own:west", x=0, y=0, side=1_000)
    user = factories.member(Role.CONTRACTOR, organisation, west)
    factories.note(organisation, "drin", x=500, y=500)
    factories.note(organisation, "am Rand", x=1_000, y=500)
    factories.note(organisation, "draußen", x=1_001, y=500)
    assert _title(user) == {"drin", "am Rand"}
    edited = scope.edited(Note.objects.all(), user, {Role.CONTRACTOR}, owner="organisation")
    assert set(edited.values_list("title", flat=True)) == {"drin", "am Rand"}
    # Common data: the same areas, whatever the organisation is responsible for.
    inside, outside = factories.place("A", x=500, y=500), factories.place("B", x=5_000, y=500)
    assert set(scope.edited(Place.objects.all(), user, {Role.CONTRACTOR})) == {inside}
    assert outside not in scope.edited(Place.objects.all(), user, {Role.STAFF})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("since", "until", "active", "sees"),
    [(0, None, True, True), (0, 0, True, True), (-9, -1, True, False), (1, None, True, False), (0, None, False, False)],
)
def test_02_a_membership_is_live_from_its_first_to_its_last_day(
    since: int, until: int | None, active: bool, sees: bool
) -> None:
    today = timezone.localdate()
    user = factories.member(Role.STAFF)
    Membership.objects.update(
        valid_from=today + datetime.timedelta(days=since),
        valid_until=None if until is None else today + datetime.timedelta(days=until),
    )
    Organisation.objects.update(active=active)
    factories.note(factories.organisation())
    assert bool(_title(User.objects.get(pk=user.pk))) is sees


@pytest.mark.django_db
def test_03_nothing_is_moved_out_of_reach_or_taken_in(client: Client) -> None:
    first = factories.organisation("a", factories.area("own:a", x=0, y=0, side=2_000))
    second = factories.organisation("b")
    client.force_login(factories.member(Role.STAFF, first))
    row = factories.note(first)
    address = f"/api/layers/notes/features/{row.pk}/"
    given = client.patch(address, '{"properties": {"organisation": "b"}}', KIND)
    assert (given.status_code, given.json()["code"]) == (403, "out-of-reach")
    taken = client.patch(
        f"/api/layers/notes/features/{factories.note(second).pk}/", '{"properties": {"organisation": "a"}}', KIND
    )
    assert taken.status_code == 404
    place = factories.place(x=1_000, y=1_000)
    far = '{"geometry": {"type": "Point", "coordinates": [9.99, 54.4]}}'
    moved = client.patch(f"/api/layers/places/features/{place.pk}/", far, KIND)
    assert (moved.status_code, moved.json()["code"]) == (403, "out-of-reach")
    place.refresh_from_db()
    assert place.geom.equals_exact(factories.point(1_000, 1_000))
    outside = factories.place(x=9_000, y=9_000)
    refused = client.patch(f"/api/layers/places/features/{outside.pk}/", '{"properties": {"name": "x"}}', KIND)
    assert (refused.status_code, refused.json()["code"]) == (403, "out-of-reach")
    assert client.delete(f"/api/layers/places/features/{outside.pk}/").status_code == 403
    body = '{"type": "Feature", "properties": {"name": "Neu", "kind": "farm"}, "geometry": {"type": "Point", "coordinates": [9.99, 54.4]}}'
    assert client.post("/api/layers/places/features/", body, KIND).status_code == 403
    assert not Place.objects.filter(name="Neu").exists()


@pytest.mark.django_db
def test_04_a_new_row_belongs_to_the_asked_or_the_only_organisation(client: Client) -> None:
    first, second = factories.organisation("a"), factories.organisation("b")
    user = factories.member(Role.STAFF, first, email="zwei@example.org")
    client.force_login(user)
    point = '"geometry": {"type": "Point", "coordinates": [9.7, 54.4]}'
    plain = f'{{"type": "Feature", {point}, "properties": {{"title": "Neu"}}}}'
    asked = f'{{"type": "Feature", {point}, "properties": {{"title": "Neu", "organisation": "b"}}}}'
    made = client.post("/api/layers/notes/features/", plain, KIND)
    assert Note.objects.get(pk=made.json()["id"]).organisation == first
    refused = client.post("/api/layers/notes/features/", asked, KIND)
    assert (refused.status_code, refused.json()["code"]) == (403, "out-of-reach")
    factories.member(Role.STAFF, second, email="zwei@example.org")
    client.force_login(User.objects.get(pk=user.pk))
    unclear = client.post("/api/layers/notes/features/", plain, KIND)
    assert (unclear.status_code, unclear.json()["code"]) == (400, "which-organisation")
    made = client.post("/api/layers/notes/features/", asked, KIND)
    assert Note.objects.get(pk=made.json()["id"]).organisation == second
    for wrong in ("7", "null", '["b"]', '{"a": 1}'):
        body = f'{{"type": "Feature", {point}, "properties": {{"title": "x", "organisation": {wrong}}}}}'
        assert client.post("/api/layers/notes/features/", body, KIND).status_code == 400, wrong


@pytest.fixture
def person() -> Iterator[tuple[User, str]]:
    """A contractor of an organisation with a database log-in, limited to an area; the layer of notices lets contractors in."""
    role = "test_access_person"
    place = cluster.dsn("postgres", "postgres")
    with psycopg.connect(**place, autocommit=True) as administrator:  # type: ignore[arg-type]
        administrator.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
        group = sql.Identifier(cluster.MEMBER_ROLE)
        administrator.execute(sql.SQL("CREATE ROLE {} IN ROLE {}").format(sql.Identifier(role), group))
    organisation = factories.organisation()
    west = factories.area("own:west", x=0, y=0, side=1_000)
    user = factories.member(Role.CONTRACTOR, organisation, west)
    DatabaseLogin.objects.create(role=role, user=user)
    yield user, role
    with psycopg.connect(**place, autocommit=True) as administrator:  # type: ignore[arg-type]
        administrator.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def in_sql(role: str, statement: str, *values: Any) -> list[Any] | int | None:
    """Rows of a SELECT, or how many a write touched; None where the policies refuse."""
    with as_person(role) as asker:
        try:
            cursor = asker.execute(statement, values)
        except psycopg.errors.InsufficientPrivilege:
            return None
        return [one for (one,) in cursor.fetchall()] if cursor.description else int(cursor.rowcount)


@pytest.mark.django_db(transaction=True)
def test_11_the_database_asks_the_same(person: tuple[User, str]) -> None:
    """Areas, days and closed organisations; contractors may see and edit notices for this test."""
    user, role = person
    organisation = factories.organisation()
    notes = contract.get("notes")
    open_to = Members({Role.CONTRACTOR})
    declared = type(notes)(
        **{**{one: getattr(notes, one) for one in notes.__dataclass_fields__}, "within": open_to, "edit": open_to}
    )
    app = next(one for one in contract.all_apps() if one.name == "notes")
    contract.unregister("notes")
    contract.register(App(name="notes", layers=[declared]))
    try:
        policies.apply()
        inside, outside = factories.note(organisation, "drin"), factories.note(organisation, "draußen", x=5_000)
        titles = "SELECT title FROM notes_note ORDER BY 1"
        assert in_sql(role, titles) == ["drin"] == sorted(_title(user))
        assert in_sql(role, "UPDATE notes_note SET state = 'done' WHERE id = %s", inside.pk) == 1
        assert in_sql(role, "UPDATE notes_note SET state = 'done' WHERE id = %s", outside.pk) == 0
        assert in_sql(role, "UPDATE notes_note SET geom = ST_Translate(geom, 5000, 0) WHERE id = %s", inside.pk) is None
        assert in_sql(role, "DELETE FROM notes_note WHERE id = %s", outside.pk) == 0
        today = timezone.localdate()
        for since, until in ((1, 9), (-9, -1)):
            Membership.objects.update(
                valid_from=today + datetime.timedelta(days=since), valid_until=today + datetime.timedelta(days=until)
            )
            assert in_sql(role, titles) == []
        Membership.objects.update(valid_from=today, valid_until=today)
        assert in_sql(role, titles) == ["drin"]
        Organisation.objects.update(active=False)
        assert in_sql(role, titles) == []
        Organisation.objects.update(active=True)
        Membership.objects.update(role=Role.CITIZEN)
        assert in_sql(role, titles) == []
        Membership.objects.update(role=Role.CONTRACTOR)
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert in_sql(role, titles) == []
    finally:
        contract.unregister("notes")
        contract.register(app)
        policies.apply()


@pytest.mark.django_db(transaction=True)
def test_12_a_log_in_reads_no_table_of_accounts(person: tuple[User, str]) -> None:
    _user, role = person
    for table in ("accounts_user", "accounts_membership", "accounts_token", "django_session", "accounts_databaselogin"):
        assert in_sql(role, f"SELECT count(*) FROM {table}") is None, table
    assert in_sql(role, "SELECT key FROM accounts_organisation") == ["amt"]
    assert in_sql(role, "CREATE TABLE mine (id int)") is None
    assert in_sql(role, "TRUNCATE notes_note") is None


@pytest.mark.django_db
def test_05_a_closed_account_has_no_rights_whoever_still_holds_it() -> None:
    """A job or a request that began before the account was closed still has its object."""
    user, boss = factories.member(Role.ADMIN), factories.operator()
    factories.note(factories.organisation())
    assert _title(user) and _title(boss)
    for one in (user, boss):
        one.is_active = False
        one.__dict__.pop("_gisapp_grants", None)
        assert not _title(one)
        assert not scope.edited(Note.objects.all(), one, set(Role), owner="organisation").exists()


@pytest.mark.django_db(transaction=True)
def test_13_common_data_is_not_moved_out_of_reach_in_sql(person: tuple[User, str]) -> None:
    """Everybody sees places, so that only the policy's own check stands in the way."""
    user, role = person
    factories.member(Role.STAFF, factories.organisation(), Area.objects.get(key="own:west"), email=user.email)
    inside, outside = factories.place(x=500, y=500), factories.place("Weit weg", x=5_000, y=500)
    assert in_sql(role, "UPDATE regions_place SET name = 'Neu' WHERE id = %s", inside.pk) == 1
    # Seen and not to be changed: refused in words, and not passed over in silence.
    assert in_sql(role, "UPDATE regions_place SET name = 'Neu' WHERE id = %s", outside.pk) is None
    assert in_sql(role, "DELETE FROM regions_place WHERE id = %s", outside.pk) is None
    assert in_sql(role, "UPDATE regions_place SET geom = ST_Translate(geom, 5000, 0) WHERE id = %s", inside.pk) is None
    assert in_sql(role, "UPDATE regions_place SET geom = ST_Translate(geom, 100, 0) WHERE id = %s", inside.pk) == 1


@pytest.mark.django_db(transaction=True)
def test_14_the_policies_hold_without_the_triggers_that_say_why(person: tuple[User, str]) -> None:
    """Two guards stand one behind the other; each must hold alone."""
    user, role = person
    own = factories.organisation()
    factories.member(Role.STAFF, own, email=user.email)
    mine = factories.note(own, "Meins")
    neighbour = factories.organisation("nachbar", factories.area("own:far", 20_000, 0, 10_000))
    hidden = factories.note(neighbour, "Geheim")
    policies.apply()
    add = (
        "INSERT INTO notes_note (title, organisation_id, geom) "
        "VALUES ('Neu', %s, ST_SetSRID(ST_MakePoint(545000, 6030000), 25832))"
    )
    for switch in ("DISABLE", "ENABLE"):
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE notes_note {switch} TRIGGER gisapp_reach")
        assert in_sql(role, add, own.pk) == 1
        assert in_sql(role, add, neighbour.pk) is None
        # Without a condition nothing but the policies chooses the rows.
        assert in_sql(role, "UPDATE notes_note SET state = 'done'") == 1
        # Public, so that the person still sees it: what is hidden afterwards is refused by the rule of seeing already.
        give = "UPDATE notes_note SET organisation_id = %s, audience = 'public' WHERE id = %s"
        assert in_sql(role, give, neighbour.pk, mine.pk) is None
        assert in_sql(role, "DELETE FROM notes_note") == 1
    assert Note.objects.filter(pk=hidden.pk, title="Geheim").exists()


@pytest.mark.django_db(transaction=True)
def test_15_a_refusal_in_the_database_says_what_and_why(person: tuple[User, str]) -> None:
    user, role = person
    own = factories.organisation()
    factories.member(Role.STAFF, own, email=user.email)
    theirs = factories.note(factories.organisation("nachbar"), "Ihres", audience="public")
    mine = factories.note(own)
    policies.apply()
    for statement, values in (
        ("UPDATE notes_note SET title = 'x' WHERE id = %s", [theirs.pk]),
        ("DELETE FROM notes_note WHERE id = %s", [theirs.pk]),
        ("UPDATE notes_note SET organisation_id = %s WHERE id = %s", [theirs.organisation_id, mine.pk]),
        ("UPDATE notes_note SET organisation_id = %s WHERE id = %s", [own.pk, theirs.pk]),
        ("INSERT INTO notes_note (title, organisation_id, geom) SELECT 'x', %s, geom FROM notes_note LIMIT 1",
         [theirs.organisation_id]),
    ):  # fmt: skip
        with as_person(role) as asker, pytest.raises(psycopg.errors.InsufficientPrivilege) as refused:
            asker.execute(statement, values)
        assert "Ebene „Hinweise“" in str(refused.value.diag.message_primary), statement
        assert refused.value.diag.message_detail == "code: out-of-reach"
        assert "Nichts wurde gespeichert" in str(refused.value.diag.message_hint)
    administrator = psycopg.connect(**cluster.dsn(str(connection.settings_dict["NAME"]), "postgres"))  # type: ignore[arg-type]
    assert administrator.execute("UPDATE notes_note SET title = title").rowcount == 2  # whoever runs the server passes
    administrator.rollback()
    administrator.close()
