import pytest

from automation.models import CatalogEntry, Template
from automation.services import templates
from automation.services.workflow_library import UsersLibrary
from opsmanager.accounts.models import User
from servers.models import Server
from tests.automation import makers
from tests.support import servers as places

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


@pytest.fixture
def admin(rows: None) -> User:
    return makers.admin()


def secretive(admin: User, entry: CatalogEntry) -> Template:
    given = {"password": "hunter2-and-more", "path": "/tmp/x"}
    return templates.save(actor=admin, name="Keep it", runbook=entry, parameters=given)


def test_it_knows_the_runbooks_of_the_code(admin: User) -> None:
    library = UsersLibrary(admin)
    found = library.runbook("SAMPLE_MENDING")
    assert found is not None
    assert "path" in found.model_fields
    assert library.runbook("NO_SUCH_THING") is None
    CatalogEntry.objects.create(runbook_id="GONE_FROM_CODE", title="Gone", category="RECOVERY")
    assert library.runbook("GONE_FROM_CODE") is None


def test_it_knows_templates_by_name_and_id_with_the_names_of_their_secrets(admin: User) -> None:
    row = secretive(admin, makers.entry("SAMPLE_SECRETIVE"))
    library = UsersLibrary(admin)
    found = library.template("Keep it")
    assert found is not None
    assert found == library.template(str(row.pk))
    assert found.parameters == {"path": "/tmp/x"}
    assert found.secrets == {"password"}
    assert library.template("Keep that") is None
    assert library.template("00000000-0000-4000-8000-000000000000") is None
    CatalogEntry.objects.filter(pk=row.runbook_id).update(runbook_id="GONE_FROM_CODE")
    assert UsersLibrary(admin).template("Keep it") is None


def test_it_knows_servers_and_groups_by_name_and_id(admin: User) -> None:
    server, group = makers.server(), places.group("web")
    library = UsersLibrary(admin)
    assert library.has_server(server.name)
    assert library.has_server(str(server.pk))
    assert not library.has_server("nothing")
    assert library.has_group("web")
    assert library.has_group(str(group.pk))
    assert not library.has_group("nothing")


def test_it_knows_only_what_the_user_may_see(admin: User) -> None:
    server, group = makers.server(), places.group("web")
    secretive(admin, makers.entry("SAMPLE_SECRETIVE"))
    library = UsersLibrary(makers.user("HR"))
    assert library.runbook("SAMPLE_MENDING") is None
    assert library.template("Keep it") is None
    assert not library.has_server(server.name)
    assert not library.has_group(group.name)


def test_it_asks_once_for_what_many_nodes_name(admin: User) -> None:
    server, library = makers.server(), UsersLibrary(admin)
    assert library.has_server(server.name)
    Server.objects.all().delete()
    assert library.has_server(server.name)
