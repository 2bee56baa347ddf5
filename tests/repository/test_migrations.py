from itertools import count

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from opsmanager.common.indexes import AddIndexInUse
from tests.repository import migrations as check

KEY = ("id", models.BigAutoField(primary_key=True))
FIELDS = [
    KEY,
    ("reason", models.CharField(max_length=20, null=True)),
    ("words", models.TextField(db_default="")),
]


def state() -> ProjectState:
    known = ProjectState()
    # The first is a table of the many rows, the second is not.
    known.add_model(ModelState("automation", "Execution", FIELDS))
    known.add_model(ModelState("automation", "Template", FIELDS))
    return known


def found(*operations: Operation, text: str = "") -> list[str]:
    migration = Migration("0099_next", "automation")
    migration.operations = list(operations)
    return [each.operation for each in check.findings(migration, state(), text)]


def index() -> models.Index:
    return models.Index(fields=["reason"], name="by_reason")


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("template", "reason"),
        migrations.DeleteModel("template"),
        migrations.RenameField("template", "reason", "why"),
        migrations.RenameModel("template", "Form"),
        migrations.AlterModelTable("template", "forms"),
        migrations.AddField("template", "added", models.TextField()),
        migrations.AddField("template", "added", models.TextField(default="")),
        migrations.AddField("execution", "added", models.TextField(null=True, db_index=True)),
        migrations.AlterField("template", "reason", models.CharField(max_length=20)),
        migrations.AlterField("template", "reason", models.TextField(null=True)),
        migrations.AlterField("template", "words", models.TextField()),
        migrations.AlterField("template", "words", models.TextField(db_default="", unique=True)),
        migrations.AddIndex("execution", index()),
        migrations.RemoveIndex("execution", "by_reason"),
        migrations.AddConstraint(
            "template", models.CheckConstraint(condition=models.Q(words=""), name="no_words")
        ),
        migrations.RemoveConstraint("template", "no_words"),
        migrations.RunSQL("DROP TABLE automation_template"),
        migrations.RunPython(migrations.RunPython.noop),
        migrations.AlterOrderWithRespectTo("template", "reason"),
    ],
    ids=count(),
)
def test_what_old_code_can_not_bear_is_found(operation: Operation) -> None:
    (name,) = found(operation)
    assert name.startswith(type(operation).__name__)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.CreateModel("Form", [KEY]),
        migrations.AddField("execution", "added", models.TextField(null=True)),
        migrations.AddField("execution", "added", models.TextField(db_default="")),
        migrations.AddField("template", "added", models.TextField(null=True, db_index=True)),
        migrations.AlterField(
            "template", "reason", models.CharField(max_length=20, null=True, choices=[("a", "A")])
        ),
        migrations.AlterModelOptions("template", {"ordering": ["reason"]}),
        migrations.AddIndex("template", index()),
        AddIndexConcurrently("execution", index()),
        AddIndexInUse("execution", index()),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("template", "reason")]
        ),
    ],
    ids=count(),
)
def test_what_old_code_bears_is_not_found(operation: Operation) -> None:
    assert found(operation) == []


def test_what_is_hidden_from_django_is_looked_at_where_it_reaches_the_database() -> None:
    hidden = migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RemoveField("template", "reason")]
    )
    assert found(hidden) == ["RemoveField template.reason"]


def test_a_table_that_the_migration_makes_itself_may_be_changed_as_one_likes() -> None:
    made = migrations.CreateModel("Form", [KEY, ("words", models.TextField())])
    assert found(made, migrations.RemoveField("form", "words")) == []


def test_a_comment_that_says_why_explains_one_operation_and_no_other() -> None:
    both = (
        migrations.RemoveField("template", "reason"),
        migrations.RemoveField("template", "words"),
    )
    said = "    # Old code bears RemoveField template.reason: 1.2 neither reads nor writes it."
    assert found(*both, text=said) == ["RemoveField template.words"]


@pytest.mark.parametrize("why", ["", " ", " because"])
def test_a_comment_without_a_reason_explains_nothing(why: str) -> None:
    said = f"# Old code bears RemoveField template.reason:{why}"
    assert found(migrations.RemoveField("template", "reason"), text=said)


def test_sql_is_named_by_its_place_in_the_migration() -> None:
    harmless = migrations.AddField("template", "added", models.TextField(null=True))
    said = "# Old code bears RunSQL 2: a function that it does not call."
    assert found(harmless, migrations.RunSQL("SELECT 1")) == ["RunSQL 2"]
    assert found(harmless, migrations.RunSQL("SELECT 1"), text=said) == []


def test_our_own_migrations_pass_and_one_that_does_not_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check.main() == 0
    monkeypatch.setitem(check.FIRST_RELEASE, "automation", 1)
    assert check.main() == 1
    said = capsys.readouterr().out
    assert "0002_promises_of_an_execution.py: AddField execution.begin_seq: code that still" in said
    assert "docs/operations/upgrade.md" in said
