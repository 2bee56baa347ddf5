"""What a second terminal needs to work on the OpsManager that is running."""

import json
import os
from collections.abc import Mapping

from opsmanager.embedded.data_dir import DataDir
from opsmanager.embedded.errors import ProgramError

FILE = "environment.json"


def remember(data: DataDir, environment: Mapping[str, str]) -> None:
    """Keep a command's environment, readable by its owner only, until `forget`."""
    file = data.path / FILE
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(dict(environment), stream)


def forget(data: DataDir) -> None:
    """Nothing is running any more."""
    (data.path / FILE).unlink(missing_ok=True)


def recall(data: DataDir) -> dict[str, str]:
    """Return the environment that was remembered. Raises ProgramError when nothing is running."""
    try:
        found: dict[str, str] = json.loads((data.path / FILE).read_text())
    except FileNotFoundError:
        raise ProgramError(
            f"No OpsManager is running with the data folder {data.path}. Start it with `make run`, "
            "or name its folder: OPSMANAGER_DATA_DIR=…"
        ) from None
    except PermissionError:
        raise ProgramError(
            f"The OpsManager with the data folder {data.path} is run by another user. "
            "Work on it as that user."
        ) from None
    return found
