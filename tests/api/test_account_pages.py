"""„Mein Konto“, the page of those who lead an organisation, and what operators keep in the administration."""

import datetime
import json
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from gisapp.accounts import memberships, tokens
from gisapp.accounts.memberships import Period
from gisapp.accounts.models import DatabaseLogin, Membership, Organisation, Token, User
from gisapp.accounts.roles import Role
from gisapp.errors import CATALOGUE, Conflict
from tests import factories
from tests.api.test_log_in import PASSWORD, link_in, log_in
from tests.api.test_second_factor import code as totp_code

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture(autouse=True)
def _fresh(settings: Any) -> None:
    cache.clear()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def html(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status, answer.content[:300]
    return answer.content.decode()


class TestMine:
    """What a person sees and does about themselves."""

    def test_01_the_page_shows_what_is_kept(self, client: Client) -> None:
        user = factories.member(Role.CONTRACTOR, factories.organisation("verband"), factories.area("own:ort"), days=30)
        DatabaseLogin.objects.create(role="krit_person_1", user=user)
        client.force_login(user)
        page = html(client, "/konto/")
        for told in ("Auftragnehmer", "Amt verband", "nur: own:ort", "krit_person_1", user.email, "bis "):
            assert told in page, told
        assert "Mitglieder verwalten" not in page

    def test_02_the_name_is_changed(self, client: Client) -> None:
        user = factories.citizen()
        client.force_login(user)
        client.post("/konto/name/", {"first_name": "Ute", "last_name": "<Voß>"})
        user.refresh_from_db()
        assert user.get_full_name() == "Ute <Voß>"
        assert "&lt;Voß&gt;" in html(client, "/konto/")

    def test_03_sessions_are_listed_and_ended(self) -> None:
        user = factories.citizen()
        phone, desk, third = Client(), Client(), Client()
        for one, name in ((phone, "Telefon"), (desk, "Rechner"), (third, "Dritter")):
            log_in(one, user.email, headers={"User-Agent": name})
        page = html(desk, "/konto/")
        assert "Telefon" in page and page.count("diese hier") == 1
        stranger = Client()
        stranger.force_login(factories.citizen("andere@example.org"))
        number = UserSession.objects.get(user_agent="Telefon").pk
        assert stranger.post("/konto/sitzungen/beenden/", {"session": number}).status_code == 404
        assert phone.get("/konto/").status_code == 200
        desk.post("/konto/sitzungen/beenden/", {"session": number})
        assert phone.get("/konto/").status_code == 302
        desk.post("/konto/sitzungen/beenden/", {"session": "others"})
        assert third.get("/konto/").status_code == 302 and desk.get("/konto/").status_code == 200
        own = UserSession.objects.get(user=user).pk
        assert desk.post("/konto/sitzungen/beenden/", {"session": own})["Location"] == "/konto/anmelden/"

    def test_04_a_key_is_shown_once_and_revoked(self, client: Client) -> None:
        of = factories.organisation()
        client.force_login(factories.member(Role.STAFF, of))
        form = {"name": "Skript", "scopes": ["read", "write"], "days": 30, "organisation": of.pk}
        text = client.post("/konto/zugangsschluessel/", form).context["text"]
        token = Token.objects.get()
        assert (token.scopes, token.organisation) == (["read", "write"], of)
        assert (token.expires_at.date() - TODAY).days in (29, 30, 31)
        page = html(client, "/konto/")
        assert text not in page and f"…{text[-4:]}" in page
        assert tokens.find(text) is not None
        stranger = Client()
        stranger.force_login(factories.citizen())
        assert stranger.post(f"/konto/zugangsschluessel/{token.pk}/widerrufen/").status_code == 404
        client.post(f"/konto/zugangsschluessel/{token.pk}/widerrufen/")
        assert tokens.find(text) is None

    @pytest.mark.parametrize(
        "wrong",
        [{"days": 0}, {"days": 400}, {"scopes": []}, {"scopes": ["all"]}, {"name": ""}, {"organisation": "other"}],
    )
    def test_05_a_key_that_is_not_allowed_is_told_at_its_field(self, client: Client, wrong: dict[str, Any]) -> None:
        client.force_login(factories.member(Role.STAFF))
        other = factories.organisation("other")
        form = {"name": "x", "scopes": ["read"], "days": 9, **wrong}
        if "organisation" in wrong:
            form["organisation"] = other.pk
        answer = client.post("/konto/zugangsschluessel/", form)
        assert answer.status_code == 400 and "field-error" in answer.content.decode()
        assert not Token.objects.exists()

    def test_06_everything_about_me_is_one_file_without_secrets(self, client: Client) -> None:
        user = factories.member(Role.ENGINEER)
        user.set_password(PASSWORD)
        user.save()
        TOTP.activate(user, "JBSWY3DPEHPK3PXP")
        _token, text = tokens.make(user, "Skript")
        client.force_login(user)
        of = factories.organisation()
        made = client.post(
            "/api/layers/notes/features/",
            json.dumps(
                {
                    "type": "Feature", "geometry": {"type": "Point", "coordinates": [9.7, 54.42]},
                    "properties": {"title": "Schacht", "organisation": of.key},
                }
            ),
            content_type="application/json",
        )  # fmt: skip
        assert made.status_code == 201, made.content
        answer = client.get("/konto/daten/")
        assert "attachment" in answer["Content-Disposition"]
        found = answer.json()
        assert found["account"]["email"] == user.email
        assert found["memberships"] == [
            {
                "organisation": "amt",
                "role": "engineer",
                "from": str(TODAY - datetime.timedelta(100)),
                "until": None,
                "areas": [],
            }
        ]
        assert found["tokens"][0]["name"] == "Skript" and found["tokens"][0]["hint"] == text[-4:]
        assert [one["type"] for one in found["second_factors"]] == ["totp"]
        history = found["history"]["notes_note"]
        assert history["count"] == len(history["ids"]) == 1
        secret = answer.content.decode()
        assert text not in secret and "JBSWY3DPEHPK3PXP" not in secret and user.password not in secret

    def test_07_deleting_forgets_the_person_and_keeps_the_number(self, client: Client) -> None:
        of = factories.organisation()
        user = factories.member(Role.STAFF, of)
        user.first_name, user.last_name = "Ute", "Voß"
        user.set_password(PASSWORD)
        user.save()
        tokens.make(user, "Skript")
        TOTP.activate(user, "JBSWY3DPEHPK3PXP")
        Authenticator.objects.filter(user=user).delete()
        boss = Client()
        boss.force_login(factories.operator())
        row = Membership.objects.get(user=user)
        kept = {"user": user.pk, "organisation": of.pk, "role": "staff", "valid_from": "2026-01-01"}
        assert boss.post(f"/admin/accounts/membership/{row.pk}/change/", kept).status_code == 302
        assert "django_admin_log" in tables_with(user.email)
        other = Client()
        log_in(other, user.email)
        log_in(client, user.email)
        assert "Endgültig löschen" in html(client, "/konto/loeschen/")
        assert "Bitte bestätigen." in client.post("/konto/loeschen/", {}).content.decode()
        assert "Ihr Konto ist gelöscht" in client.post("/konto/loeschen/", {"sure": "yes"}).content.decode()
        email, number = user.email, user.pk
        user = User.objects.get(pk=number)
        assert (user.first_name, user.last_name, user.is_active, user.last_login) == ("", "", False, None)
        assert not user.has_usable_password()
        for model in (Token, Authenticator, EmailAddress, UserSession, Membership):
            assert not model.objects.filter(user=user).exists(), model  # type: ignore[attr-defined]
        assert other.get("/konto/").status_code == 302 and log_in(Client(), email).status_code == 200
        # Nowhere in the database stands the address any more.
        assert tables_with(email) == []

    def test_08_it_asks_again_who_it_is_after_a_while(self, client: Client) -> None:
        user = factories.citizen()
        log_in(client, user.email)
        session = client.session
        session["account_authentication_methods"] = [{"method": "password", "at": 1.0}]
        session.save()
        assert client.post("/konto/loeschen/", {"sure": "yes"})["Location"].startswith("/konto/bestaetigen/")
        user.refresh_from_db()
        assert user.is_active
        page = client.post("/konto/bestaetigen/?next=/konto/loeschen/", {"password": "falsch"}).content.decode()
        assert "Das Passwort stimmt nicht." in page

    def test_09_whom_somebody_depends_on_stays(self, client: Client) -> None:
        of = factories.organisation()
        admin = factories.member(Role.ADMIN, of)
        operator = factories.operator()
        for user, code in ((admin, "last-admin"), (operator, "last-operator")):
            client.force_login(user)
            answer = client.post("/konto/loeschen/", {"sure": "yes"})
            assert answer.status_code == 409
            assert CATALOGUE[code].text("de", {"organisation": of.name}) in answer.content.decode()
            user.refresh_from_db()
            assert user.is_active
        factories.member(Role.ADMIN, of, email="zweite@example.org")
        client.force_login(admin)
        assert client.post("/konto/loeschen/", {"sure": "yes"}).status_code == 200

    def test_10_a_database_log_in_goes_with_the_account(self, client: Client) -> None:
        from gisapp.accounts import logins

        user = factories.citizen()
        name, _password = logins.grant(user)
        client.force_login(user)
        client.post("/konto/loeschen/", {"sure": "yes"})
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [name])
            assert cursor.fetchone() == (False,)
        assert not DatabaseLogin.objects.exists()


def tables_with(text: str) -> list[str]:
    """The tables in which this text stands in some row."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" t WHERE t::text ILIKE %s)', [f"%{text}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


class TestOrganisation:
    """Those who lead an organisation keep its members, and nobody else's."""

    PAGE = "/konto/organisation/amt/"

    @pytest.fixture
    def of(self) -> Organisation:
        return factories.organisation("amt", factories.area("own:amt"))

    @pytest.fixture
    def admin(self, client: Client, of: Organisation) -> User:
        user = factories.member(Role.ADMIN, of, email="leitung@example.org")
        client.force_login(user)
        return user

    def form(self, **more: Any) -> dict[str, Any]:
        return {"email": "neu@example.org", "role": "staff", "since": str(TODAY), "until": "", "reason": "AZ 7", **more}

    def test_11_for_others_the_address_does_not_exist(self, client: Client, of: Organisation) -> None:
        factories.organisation("andere")
        people = [factories.member(role, of) for role in Role if role is not Role.ADMIN]
        people.append(factories.member(Role.ADMIN, factories.organisation("andere")))
        people.append(factories.member(Role.ADMIN, of, email="frueher@example.org", days=-1))
        for user in people:
            client.force_login(user)
            assert client.get(self.PAGE).status_code == 404, user
            assert client.post(f"{self.PAGE}person/", self.form()).status_code == 404, user
        assert not User.objects.filter(email="neu@example.org").exists()
        client.force_login(factories.operator())
        assert client.get(self.PAGE).status_code == 200

    def test_12_somebody_new_gets_an_account_a_role_and_a_mail(
        self, client: Client, admin: User, of: Organisation
    ) -> None:
        answer = client.post(f"{self.PAGE}person/", self.form())
        assert answer["Location"] == self.PAGE
        membership = Membership.objects.get(user__email="neu@example.org")
        assert (membership.organisation, membership.role, membership.valid_until) == (of, "staff", None)
        letter = mail.outbox[-1]
        assert letter.to == ["neu@example.org"] and of.name in letter.subject and admin.email in str(letter.body)
        path = client.get(link_in(str(letter.body)), follow=True).redirect_chain[-1][0]
        guest = Client()
        path = guest.get(link_in(str(letter.body)), follow=True).redirect_chain[-1][0]
        guest.post(path, {"password1": "Ein-langes-Passwort-9", "password2": "Ein-langes-Passwort-9"})
        assert log_in(guest, "neu@example.org", "Ein-langes-Passwort-9")["Location"] == "/"

    def test_13_somebody_known_gets_the_role_without_a_mail(self, client: Client, admin: User) -> None:
        factories.citizen("neu@example.org")
        client.post(f"{self.PAGE}person/", self.form(email="NEU@example.org", role="planner"))
        assert Membership.objects.get(user__email="neu@example.org").role == "planner"
        assert mail.outbox == []

    @pytest.mark.parametrize(
        ("wrong", "code", "field"),
        [
            ({"role": "contractor"}, "contractor-needs-end", "until"),
            ({"until": str(TODAY - datetime.timedelta(days=3))}, "period-reversed", "until"),
        ],
    )
    def test_14_the_tables_rules_are_told_at_the_field(
        self, client: Client, admin: User, wrong: dict[str, str], code: str, field: str
    ) -> None:
        answer = client.post(f"{self.PAGE}person/", self.form(**wrong))
        assert answer.status_code == 400
        assert answer.context["form"].errors[field] == [CATALOGUE[code].de]
        assert f'id="id_{field}_error">{CATALOGUE[code].de}' in answer.content.decode()
        assert not User.objects.filter(email="neu@example.org").exists()

    def test_15_roles_are_limited_and_ended_and_the_history_says_why(
        self, client: Client, admin: User, of: Organisation
    ) -> None:
        inner = factories.area("own:ort", x=0, y=0, side=1_000)
        factories.area("own:fern", x=400_000)
        client.post(f"{self.PAGE}person/", self.form())
        membership = Membership.objects.get(user__email="neu@example.org")
        page = f"{self.PAGE}rolle/{membership.pk}/"
        assert [one.key for one in client.get(page).context["form"].fields["areas"].queryset] == ["own:amt", "own:ort"]
        until = TODAY + datetime.timedelta(days=10)
        form = {"since": str(TODAY), "until": str(until), "areas": [inner.pk], "reason": "nur noch ein Ort"}
        assert client.post(page, form)["Location"] == self.PAGE
        membership.refresh_from_db()
        assert membership.valid_until == until and list(membership.areas.all()) == [inner]
        client.post(f"{page}beenden/", {"reason": "versetzt"})
        assert not Membership.objects.filter(pk=membership.pk).exists()
        events = Membership.events.rel.related_model.objects.filter(pgh_obj_id=membership.pk).order_by("pgh_id")  # type: ignore[attr-defined]
        told = [
            (one.pgh_label, one.pgh_context.metadata.get("reason"), one.pgh_context.metadata["user"]) for one in events
        ]
        assert told[0] == ("insert", "AZ 7", admin.pk)
        assert ("update", "nur noch ein Ort", admin.pk) in told
        assert told[-1] == ("delete", "versetzt", admin.pk)

    def test_16_the_last_who_leads_stays(self, client: Client, admin: User, of: Organisation) -> None:
        own = Membership.objects.get(user=admin)
        page = f"{self.PAGE}rolle/{own.pk}/"
        said = CATALOGUE["last-admin"].text("de", {"organisation": of.name})
        assert said in client.post(f"{page}beenden/", follow=True).content.decode()
        for form in (
            {"since": str(TODAY), "until": str(TODAY)},
            {"since": str(TODAY + datetime.timedelta(days=30)), "until": ""},
            {"since": str(TODAY), "until": "", "areas": [factories.area("own:amt").pk]},
        ):
            answer = client.post(page, form)
            assert answer.status_code == 400 and said in answer.content.decode(), form
        # One who is over, or whose account is closed, does not count.
        factories.member(Role.ADMIN, of, email="frueher@example.org", days=-1)
        closed = factories.member(Role.ADMIN, of, email="zu@example.org")
        User.objects.filter(pk=closed.pk).update(is_active=False)
        assert said in client.post(f"{page}beenden/", follow=True).content.decode()
        factories.member(Role.ADMIN, of, email="zweite@example.org")
        client.post(f"{page}beenden/")
        assert not Membership.objects.filter(pk=own.pk).exists()
        assert client.get(self.PAGE).status_code == 404

    def test_17_a_role_elsewhere_is_out_of_reach(self, client: Client, admin: User) -> None:
        other = factories.organisation("andere")
        membership = Membership.objects.get(user=factories.member(Role.STAFF, other))
        for path in ("", "beenden/"):
            answer = client.post(f"{self.PAGE}rolle/{membership.pk}/{path}", {"since": str(TODAY)})
            assert answer.status_code == 404
            assert client.post(f"/konto/organisation/andere/rolle/{membership.pk}/{path}").status_code == 404
        assert Membership.objects.filter(pk=membership.pk).exists()
        assert client.post(f"{self.PAGE}person/", self.form(organisation=other.pk)).status_code == 302
        assert not other.memberships.filter(user__email="neu@example.org").exists()

    def test_18_who_leads_in_some_areas_gives_no_more(self, client: Client, of: Organisation) -> None:
        inner = factories.area("own:ort", x=0, y=0, side=1_000)
        limited = factories.member(Role.ADMIN, of, inner, email="ort@example.org")
        client.force_login(limited)
        whole = client.post(f"{self.PAGE}person/", self.form())
        assert whole.context["form"].errors["areas"] == [CATALOGUE["beyond-your-areas"].de]
        own = Membership.objects.get(user=limited)
        wider = client.post(f"{self.PAGE}rolle/{own.pk}/", {"since": str(TODAY), "until": ""})
        assert wider.status_code == 400
        assert client.post(f"{self.PAGE}person/", self.form(areas=[inner.pk])).status_code == 302
        boss = Membership.objects.get(user=factories.member(Role.STAFF, of, email="ganz@example.org"))
        client.post(f"{self.PAGE}rolle/{boss.pk}/beenden/")
        assert Membership.objects.filter(pk=boss.pk).exists()

    def test_19_citizen_is_no_role_to_give_and_an_unknown_one_is_none(self, client: Client, admin: User) -> None:
        for role in ("citizen", "king"):
            assert "role" in client.post(f"{self.PAGE}person/", self.form(role=role)).context["form"].errors

    def test_20_an_invitation_that_cannot_be_sent_is_told(self, client: Client, admin: User, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        page = client.post(f"{self.PAGE}person/", self.form(), follow=True).content.decode()
        assert "die Einladung konnte nicht verschickt werden" in page
        assert Membership.objects.filter(user__email="neu@example.org").exists()

    def test_21_a_token_of_someone_who_leads_gives_no_roles(self, of: Organisation) -> None:
        _token, text = tokens.make(factories.member(Role.ADMIN, of), "x", scopes=["read", "write"])
        answer = Client().post(f"{self.PAGE}person/", self.form(), headers={"Authorization": f"Bearer {text}"})
        assert (answer.status_code, answer.json()["code"]) == (403, "token-not-here")


@pytest.mark.django_db(transaction=True)
def test_22_two_who_lead_cannot_remove_each_other_at_once() -> None:
    import threading

    from django.db import connections

    of = factories.organisation()
    people = [factories.member(Role.ADMIN, of, email=f"{number}@example.org") for number in range(2)]
    rows = [Membership.objects.select_related("user", "organisation").get(user=one) for one in people]
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def remove(actor: User, row: Membership) -> None:
        gate.wait()
        try:
            memberships.end(actor, row, "")
            outcomes.append("done")
        except Conflict as refused:
            outcomes.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=remove, args=(people[number], rows[1 - number])) for number in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["done", "last-admin"]
    assert Membership.objects.filter(role=Role.ADMIN).count() == 1


def test_23_the_service_checks_the_actor_itself() -> None:
    from gisapp.errors import Forbidden

    of = factories.organisation()
    with pytest.raises(Forbidden):
        memberships.give(factories.member(Role.STAFF, of), of, "x@example.org", Role.STAFF, Period(TODAY, None), "")


class TestAdministration:
    """Operators find everything in Django's administration, without secrets."""

    @pytest.mark.parametrize("name", ["user", "organisation", "area", "membership", "token"])
    def test_24_lists_search_and_show(self, client: Client, name: str) -> None:
        user = factories.member(Role.STAFF)
        token, text = tokens.make(user, "Skript")
        client.force_login(factories.operator())
        listing = html(client, f"/admin/accounts/{name}/?q=amt")
        assert "<script>" not in listing
        number = {
            "user": user.pk, "organisation": factories.organisation().pk, "area": factories.area().pk,
            "membership": Membership.objects.get().pk, "token": token.pk,
        }[name]  # fmt: skip
        page = html(client, f"/admin/accounts/{name}/{number}/change/")
        assert text not in page and token.digest.hex() not in page
        assert "//" not in "".join(one for one in page.split('"') if one.startswith("//"))

    def test_25_an_area_is_written_as_text(self, client: Client) -> None:
        client.force_login(factories.operator())
        form = {"key": "own:neu", "kind": "own", "name": "Neu", "geom": factories.square(0, 0, 10).wkt}
        answer = client.post("/admin/accounts/area/add/", form)
        assert answer.status_code == 302, answer.content
        from gisapp.accounts.models import Area

        assert Area.objects.get(key="own:neu").geom.srid == 25832

    def test_27_second_factors_and_sessions_without_their_secrets(self, client: Client) -> None:
        user = factories.citizen()
        totp = TOTP.activate(user, "JBSWY3DPEHPK3PXP").instance
        phone = Client()
        log_in(phone, user.email)
        phone.post("/konto/zweiter-faktor/", {"code": totp_code()})
        session = UserSession.objects.get()
        client.force_login(factories.operator())
        for path in (f"mfa/authenticator/{totp.pk}", f"usersessions/usersession/{session.pk}"):
            page = html(client, f"/admin/{path}/change/")
            assert "JBSWY3DPEHPK3PXP" not in page and session.session_key not in page
            assert user.email in html(client, f"/admin/{path.rpartition('/')[0]}/?q={user.email}")
        client.post(f"/admin/usersessions/usersession/{session.pk}/delete/", {"post": "yes"})
        assert phone.get("/konto/").status_code == 302
        assert client.get("/admin/socialaccount/socialapp/").status_code == 404

    def test_26_tokens_are_not_made_there(self, client: Client) -> None:
        client.force_login(factories.operator())
        assert client.get("/admin/accounts/token/add/").status_code == 403
