"""The web process."""

import os

from django.core.wsgi import get_wsgi_application

from opsmanager.common import log_redaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsmanager.settings")

log_redaction.install_hooks()
application = get_wsgi_application()
