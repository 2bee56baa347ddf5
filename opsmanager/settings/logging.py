"""One line an event, to standard error: JSON for machines, or coloured text for people."""

import structlog

from opsmanager.common import log_redaction
from opsmanager.settings import env

LOG_FORMAT = env.text("LOG_FORMAT", "json")
LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

structlog.configure(
    processors=[
        *_SHARED,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)

_RENDERERS: list[structlog.typing.Processor] = (
    [
        log_redaction.one_line,
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
    if LOG_FORMAT == "text"
    else [structlog.processors.JSONRenderer()]
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _SHARED,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                # Each field is masked, then what comes of them is looked at once more.
                log_redaction.mask_event,
                *_RENDERERS,
                log_redaction.last_look,
            ],
        }
    },
    "filters": {"redact": {"()": log_redaction.RedactingFilter}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            # Else logging itself prints arguments that don't fit their message, as they are.
            "filters": ["redact"],
        },
        "mail_admins": {
            "class": "django.utils.log.AdminEmailHandler",
            "level": "ERROR",
            "filters": ["redact"],
        },
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # In place of Django's own handlers, which write past the one above.
        "django": {"handlers": ["mail_admins"], "level": "INFO"},
        "django.server": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        # What fails between us and a server is said once, in our own words.
        "paramiko": {"level": "CRITICAL"},
        # Its warnings quote URLs, which may hold secrets.
        "urllib3": {"level": "CRITICAL"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "django_celery_beat": {"level": "WARNING"},
    },
}
