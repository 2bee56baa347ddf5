"""The web process."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from opsmanager.common import garbage, log_redaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsmanager.settings")

log_redaction.install_hooks()
application = get_wsgi_application()

# All pages and endpoints, before the first request waits for them.
get_resolver().url_patterns  # noqa: B018 - loads them
garbage.spare_what_stays()
