import pytest

from automation.models import Workflow
from automation.selectors import workflow_files, workflows
from automation.workflows import Form, load
from opsmanager.common.problems import NotFound
from tests.automation import makers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rows")]


def made(name: str = "Mend it", text: str = "Hello", **fields: object) -> Workflow:
    raw = {"name": name, "nodes": {"told": {"kind": "note", "text": text}}}
    return Workflow.objects.create(name=name, definition=raw, **fields)


def test_who_may_see_workflows_sees_all_by_name() -> None:
    second, first = made("b"), made("a")
    for role in ("ADMIN", "MANAGER", "NOC"):
        assert list(workflows.visible_to(makers.user(role))) == [first, second]
    for role in ("HELPDESK", "HR"):
        user = makers.user(role)
        assert not workflows.visible_to(user).exists()
        with pytest.raises(NotFound):
            workflows.get(user, first.pk)


def test_words_are_found_wherever_they_stand() -> None:
    made("Clean up", description="When it is full")
    made("Say", text="Größe: 100 %")

    def names(text: str) -> list[str]:
        rows = workflows.visible_to(makers.user("NOC"))
        return [row.name for row in workflows.search(rows, text)]

    assert names(" ") == ["Clean up", "Say"]
    assert names("clean") == names(" FULL ") == ["Clean up"]
    assert names("größe: 100 %") == ["Say"]
    assert names("%%") == []


def test_one_is_found_by_its_very_name() -> None:
    row = made("Mend it")
    assert workflows.named("Mend it") == row
    assert workflows.named("mend it") is None


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Mend it", "mend-it.yaml"),
        ("../../etc/passwd", "etc-passwd.yaml"),
        ('a"b\r\nc', "a-b-c.yaml"),
        ("日本", "workflow.yaml"),
    ],
)
def test_a_file_has_a_name_that_every_system_takes(name: str, file: str) -> None:
    exported = workflow_files.exported(made(name), Form.YAML)
    assert exported.name == file
    assert exported.headers["Content-Disposition"] == f'attachment; filename="{file}"'
    assert load(exported.text).name == name
