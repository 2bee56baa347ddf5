import pytest

from automation.models import Template
from automation.services import workflow_places as places
from automation.workflows import ForEach
from opsmanager.common.problems import Invalid, NotFound
from opsmanager.common.sandbox import TemplateInvalid
from tests.automation import makers
from tests.support.api_tokens import by_token
from tests.support.servers import group

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def test_a_server_is_found_by_name_id_and_template() -> None:
    actor, server = makers.admin(), makers.server(name="web")
    known = {"inputs": {"server": "web"}}
    for name in ("web", str(server.pk), "{{ inputs.server }}"):
        assert places.server(actor, name, known) == server


def test_a_server_that_is_called_like_the_id_of_another_is_found_by_its_name() -> None:
    other = makers.server()
    named = makers.server(name=str(other.pk))
    assert places.server(makers.admin(), str(other.pk)) == named


def test_what_the_actor_may_not_see_is_not_there() -> None:
    server = makers.server(name="web")
    bot = by_token(makers.admin(), server_ids=[])
    for name in ("web", str(server.pk)):
        with pytest.raises(NotFound, match="or you may not see it"):
            places.server(bot, name)


def test_what_is_not_known_yet_is_no_server() -> None:
    with pytest.raises(TemplateInvalid):
        places.server(makers.admin(), "{{ results.a.data.where }}", {"inputs": {}, "results": {}})


def test_a_template_and_a_group_are_found_by_name_and_id() -> None:
    actor, web = makers.admin(), group("web")
    template = Template.objects.create(name="Look", runbook=makers.entry("SAMPLE_LOOKING"))
    for name in ("Look", str(template.pk)):
        assert places.template(actor, name) == template
    for name in ("web", str(web.pk)):
        assert places.group(actor, name) == web
    with pytest.raises(NotFound, match="There is no template Other"):
        places.template(actor, "Other")


def test_named_servers_come_in_order_and_each_once() -> None:
    b, a = makers.server(name="b"), makers.server(name="a")
    spread = ForEach(servers=["b", "a", str(b.pk), "{{ inputs.server }}"])
    assert places.each(makers.admin(), spread, {"inputs": {"server": "a"}}) == [b, a]


def test_of_a_group_those_that_are_switched_on_come_by_name() -> None:
    web = group("web")
    for name, on in (("b", True), ("off", False), ("a", True)):
        makers.server(name=name, is_active=on).groups.add(web)
    found = places.each(makers.admin(), ForEach(group="{{ inputs.g }}"), {"inputs": {"g": "web"}})
    assert [server.name for server in found] == ["a", "b"]


def test_a_group_without_servers_is_refused() -> None:
    group("web")
    with pytest.raises(Invalid, match="web has no server that is switched on"):
        places.each(makers.admin(username="ann"), ForEach(group="web"), {})
