"""Celery in its least clever mode: a message is a wake-up that carries one id.

Losing or doubling any number of messages changes nothing, because PostgreSQL holds the truth.
"""

from datetime import timedelta

from opsmanager.common import redis_urls
from opsmanager.common.zone_queues import queue
from opsmanager.settings import env

REDIS_URL = env.redis()

CELERY_BROKER_URL, _OF_SENTINELS = redis_urls.broker(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
    # What is taken is not written down in Redis once more: PostgreSQL knows what has been lost.
    "ack_emulation": False,
    # Whoever sends a message tries once more and goes on: a page never waits for a lost broker.
    # Workers wait for it as long as it takes, by the setting above.
    "max_retries": 1,
    "interval_start": 0.1,
    # Several queues are read in the order in which they are named: HIGH first.
    "queue_order_strategy": "priority",
    **_OF_SENTINELS,
}
CELERY_WORKER_CONSUMER = "opsmanager.messages:Consumer"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"

# Zones have queues beside these; see `opsmanager.common.zones`.
CELERY_TASK_QUEUES = [
    queue(name)
    for name in (
        "schedules",
        "automation.high",
        "automation.normal",
        "automation.low",
        "servers",
        "incidents",
        "notifications",
        "maintenance",
    )
]
CELERY_TASK_DEFAULT_QUEUE = "maintenance"
CELERY_TASK_ROUTES = {
    "automation.tasks.run_schedule": {"queue": "schedules"},
    "automation.tasks.run_due_schedules": {"queue": "schedules"},
    "automation.tasks.advance_workflow": {"queue": "schedules"},
    "servers.tasks.*": {"queue": "servers"},
    "incidents.tasks.*": {"queue": "incidents"},
    "opsmanager.notifications.tasks.*": {"queue": "notifications"},
}

CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "make-partitions": {
        "task": "opsmanager.common.tasks.make_partitions",
        "schedule": timedelta(hours=6),
    },
    "anchor-audit-trail": {
        "task": "opsmanager.audit.tasks.send_anchors",
        "schedule": timedelta(minutes=5),
    },
    "retain-audit-trail": {
        "task": "opsmanager.audit.tasks.let_old_months_go",
        # More often than a backup is taken, at whose time no month can leave.
        "schedule": timedelta(hours=6),
    },
    "prune-logins": {
        "task": "opsmanager.accounts.tasks.prune_logins",
        "schedule": timedelta(hours=1),
    },
    "prune-leftovers": {
        "task": "automation.tasks.prune_leftovers",
        "schedule": timedelta(days=1),
    },
    "take-waiting-alerts": {
        "task": "incidents.tasks.take_waiting",
        "schedule": timedelta(seconds=10),
    },
    "prune-deliveries-of-alerts": {
        "task": "incidents.tasks.prune_deliveries",
        "schedule": timedelta(hours=1),
    },
    "send-due-notifications": {
        "task": "opsmanager.notifications.tasks.send_due",
        "schedule": timedelta(seconds=10),
    },
    "forget-old-notifications": {
        "task": "opsmanager.notifications.tasks.forget_old",
        "schedule": timedelta(days=1),
    },
    "run-due-schedules": {
        "task": "automation.tasks.run_due_schedules",
        "schedule": timedelta(seconds=10),
    },
    "expire-approvals": {
        "task": "automation.tasks.expire_approvals",
        "schedule": timedelta(seconds=10),
    },
    "look-at-incidents-again": {
        "task": "incidents.tasks.look_again",
        "schedule": timedelta(seconds=5),
    },
    "beat-heartbeat": {
        "task": "opsmanager.common.tasks.note_beat",
        "schedule": timedelta(seconds=30),
    },
}
DJANGO_CELERY_BEAT_TZ_AWARE = True
