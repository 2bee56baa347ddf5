"""A Python client as users get it: made from an OpenAPI document by a public generator."""

import importlib
import importlib.util
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

PATIENCE = 300.0  # seconds, for a busy machine


def generate(document: Path, folder: Path) -> ModuleType:
    """Generate a client in ``folder``, which is not there yet, and import it.

    Fails on anything in the document that the generator could not read.
    """
    config = folder.with_suffix(".json")
    config.write_text('{"post_hooks": []}')  # which only format the code
    words = ("--path", document, "--output-path", folder, "--meta", "none", "--config", config)
    ended = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", *words, "--fail-on-warning"],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, said
    assert "warning" not in said.lower(), said
    return _imported(folder)


def _imported(folder: Path) -> ModuleType:
    # A name of its own, so that several can live in one process.
    name = f"generated_{uuid4().hex}"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)
    importlib.import_module(f"{name}.models")
    return package


class Calls:
    """The operations of a generated client, by name, against one address."""

    def __init__(self, package: ModuleType, address: str) -> None:
        self.models: Any = package.models
        self._package: Any = package
        self._address = address
        self._client = package.Client(base_url=address, timeout=PATIENCE)
        self.operations: dict[str, Any] = {
            module.name.rpartition(".")[2]: importlib.import_module(module.name)
            for module in pkgutil.walk_packages(
                importlib.import_module(f"{package.__name__}.api").__path__,
                f"{package.__name__}.api.",
            )
            if not module.ispkg
        }

    def log_in(self, token: str) -> None:
        """Carry a token from now on."""
        self.close()
        self._client = self._package.AuthenticatedClient(
            base_url=self._address, token=token, timeout=PATIENCE
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.get_httpx_client().close()

    def answer(self, operation: str, *path: object, **named: Any) -> Any:
        """Call one operation; return the generated response: status, headers and what it parsed."""
        return self.operations[operation].sync_detailed(*path, client=self._client, **named)

    def __call__(self, operation: str, *path: object, expect: int = 200, **named: Any) -> Any:
        """Call one operation; return what was parsed, and fail when the status is another one."""
        answer = self.answer(operation, *path, **named)
        assert answer.status_code == expect, f"{operation}: {answer}"
        return answer.parsed

    def refused(self, operation: str, *path: object, **named: Any) -> tuple[int, str]:
        """Call one operation that is refused; return the status and the error's code."""
        answer = self.answer(operation, *path, **named)
        assert isinstance(answer.parsed, self.models.Error), f"{operation}: {answer}"
        return int(answer.status_code), answer.parsed.code
