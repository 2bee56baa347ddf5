"""`python -m opsmanager.deploy FOLDER`: make the secrets of an installation, a file for each."""

import argparse
import sys
from pathlib import Path

from opsmanager.deploy.secrets import make
from opsmanager.embedded.errors import EmbeddedError


def main() -> int:
    """Make what is missing in the folder; return the exit status."""
    parser = argparse.ArgumentParser(prog="opsmanager.deploy", description=__doc__)
    parser.add_argument("folder", type=Path, help="where they are kept; made if it is not there")
    parser.add_argument("--database", default="postgres:5432", help="host and port of PostgreSQL")
    parser.add_argument("--redis", default="redis:6379", help="host and port of Redis")
    asked = parser.parse_args()
    try:
        made = make(asked.folder, database=asked.database, redis=asked.redis)
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename or asked.folder}: {error.strerror}.\n")
        return 1
    sys.stdout.write(f"{asked.folder}: {', '.join(made) or 'nothing was missing'}.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
