"""Every error code has its place in the documentation."""

import ast
import re

from automation.engine.results import ErrorCode, Status, Verdict
from opsmanager.common import problems
from tests.docs.fences import DOCS, PROJECT

TROUBLESHOOTING = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
CONCEPTS = (DOCS / "concepts.md").read_text(encoding="utf-8")
API = (DOCS / "api.md").read_text(encoding="utf-8")


def codes_of_refusals() -> set[str]:
    """Return the codes of problems: those of the classes, and those given where one is raised."""
    listed = {
        value.code
        for value in vars(problems).values()
        if isinstance(value, type) and issubclass(value, problems.Problem)
    }
    for app in ("automation", "servers", "incidents", "opsmanager/notifications"):
        for path in (PROJECT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "code":
                    given = node.value
                    if isinstance(given, ast.Constant) and isinstance(given.value, str):
                        listed.add(given.value)
    # The class of all, which is never raised without a code.
    return listed - {problems.Problem.code}


def test_each_error_code_of_an_execution_says_what_to_do() -> None:
    headings = re.findall(r"^### ([A-Z_]+)$", TROUBLESHOOTING, re.MULTILINE)

    assert headings == [str(code) for code in ErrorCode]


def test_each_status_and_verdict_is_explained() -> None:
    for word in (*Status, *Verdict):
        assert f"| `{word}` |" in CONCEPTS, word


def test_each_refusal_of_the_api_is_listed() -> None:
    unlisted = {code for code in codes_of_refusals() if f"`{code}`" not in API}

    assert unlisted == set()
