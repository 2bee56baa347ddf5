"""The tests need real services, which `make test` starts around them."""

import os

import pytest

if not os.environ.get("DATABASE_URL"):
    pytest.exit("The tests need PostgreSQL and Redis. Run: make test ARGS=…", returncode=2)
