"""The settings of the tests: the real ones, with cheap passwords and plain static files."""

from opsmanager.common.addresses import Allowed
from opsmanager.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Tests borrow and return connections in one process; a pool would outlive the test database.
DATABASES["default"]["OPTIONS"].pop("pool", None)  # type: ignore[attr-defined]
# Tests make their databases as one role; those of the grants make another one themselves.
DATABASE_OWNER = {}
# A flush has to get past the triggers that refuse to empty the audit trail.
DATABASES["default"]["ENGINE"] = "tests.support.postgresql"
# Nothing is collected for tests: static files come from where they lie.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
# Their servers listen on the machine itself.
SERVER_ALLOWED_NETWORKS = Allowed.parse(["127.0.0.0/8", "::1"])
# Tests ask as much as they like; those of the throttle say how much it lets through.
API_READS_PER_MINUTE = API_WRITES_PER_MINUTE = 0
