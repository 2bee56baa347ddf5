"""OpsManager's settings: from the environment, one file a matter."""

from opsmanager.settings.api import *
from opsmanager.settings.audit import *
from opsmanager.settings.automation import *
from opsmanager.settings.base import *
from opsmanager.settings.celery import *
from opsmanager.settings.logging import *
from opsmanager.settings.mail import *
from opsmanager.settings.notifications import *
from opsmanager.settings.security import *
from opsmanager.settings.single_sign_on import *
