"""The project itself: apps, middleware, templates, database, static files."""

from pathlib import Path

import django_stubs_ext

from opsmanager.common import database_pool
from opsmanager.settings import env

# Lets `ModelAdmin[User]` and the like be written, which Django itself does not know at run time.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent.parent

DEBUG = env.flag("DEBUG", default=False)
PUBLIC_URL = env.text("OPSMANAGER_PUBLIC_URL", "http://localhost:8000").rstrip("/")
# Whom people may ask, in their words: on the pages for errors and at the login.
CONTACT = env.text("OPSMANAGER_CONTACT", "")

INSTALLED_APPS = [
    "opsmanager.accounts.admin_apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "rest_framework",
    # After Django's: permissions are made before the roles are given theirs.
    "opsmanager.accounts",
    "opsmanager.audit",
    "opsmanager.common",
    "opsmanager.notifications",
    "servers",
    "automation",
    "incidents",
]

MIDDLEWARE = [
    "opsmanager.common.request_id.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "opsmanager.common.csp.ContentSecurityPolicyMiddleware",
    "opsmanager.common.headers.SecurityHeadersMiddleware",
    "opsmanager.common.conditional.ConditionalMiddleware",
    "opsmanager.common.limits.BodyLimitMiddleware",
    "opsmanager.common.database_away.DatabaseAwayMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "opsmanager.accounts.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "opsmanager.accounts.middleware.LoginRequiredMiddleware",
    "opsmanager.accounts.middleware.SessionUseMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "opsmanager.audit.middleware.AuditSourceMiddleware",
    "opsmanager.common.problems.ProblemMiddleware",
]

ROOT_URLCONF = "opsmanager.urls"
WSGI_APPLICATION = "opsmanager.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": {
        **env.database(),
        # A connection is borrowed for a statement and given back before anyone waits for a server.
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }
}
DATABASES["default"]["OPTIONS"]["pool"] = database_pool.options(  # type: ignore[index]
    most=env.integer("DATABASE_POOL_SIZE", 20, least=2)
)
# Who owns the tables, where that is another role than the one that works with them. Only `migrate`
# is given it: whoever runs as the other can't change the audit trail.
DATABASE_OWNER = env.database("DATABASE_OWNER_URL", "")

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = ["opsmanager.formats"]

STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("OPSMANAGER_STATIC_ROOT", str(BASE_DIR / ".data" / "static")))
# The packages that npm laid down are built into static/vendor; they are no static files themselves.
STATICFILES_DIRS = [
    (name, BASE_DIR / "static" / name)
    for name in ("css", "js", "img", "vendor")
    if (BASE_DIR / "static" / name).is_dir()
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = False

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "opsmanager.accounts.api.authentication.ApiTokenAuthentication",
        "opsmanager.accounts.api.authentication.JWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["opsmanager.common.api.throttling.Throttle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "opsmanager.common.api.negotiation.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["opsmanager.common.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "opsmanager.common.api.exceptions.answer",
    "COERCE_DECIMAL_TO_STRING": False,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "OpsManager API",
    "DESCRIPTION": "Run runbooks on servers over SSH, and be told whether they fixed anything.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "OAS_VERSION": "3.1.0",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_SUFFIX": "",
    "ENUM_NAME_OVERRIDES": {
        "ExecutionStatus": "automation.engine.results.Status",
        "WorkflowRunStatus": "automation.models.workflow.STATUSES",
        "WorkflowPhase": "automation.workflows.Phase",
        "ActionStatus": "automation.engine.results.ActionStatus",
        "Decision": "automation.services.decisions.Decision",
        "Verdict": "automation.engine.results.Verdict",
        "ErrorCode": "automation.engine.results.ErrorCode",
        "CancelOutcome": "automation.engine.results.CancelOutcome",
        "StepType": "automation.engine.results.StepType",
        "Category": "automation.engine.kinds.Category",
        "Trigger": "automation.models.Trigger.values",
        "MissedPolicy": "automation.models.MissedPolicy.values",
        "OverlapPolicy": "automation.models.OverlapPolicy.values",
        "ApprovalState": "automation.models.ApprovalState.values",
        "SlotState": "automation.models.SlotState.values",
        "Platform": "servers.models.Platform.values",
        "Environment": "servers.models.Environment.values",
        "Severity": "opsmanager.notifications.message.SEVERITIES",
        "DeliveryState": "opsmanager.notifications.models.DeliveryState.values",
        "NotificationEventKind": "opsmanager.notifications.message.CHOSEN",
        "DeliveryEvent": "opsmanager.notifications.message.ALL",
        "IncidentStatus": "incidents.models.IncidentStatus.values",
        "RuleMode": "incidents.models.RuleMode.values",
        "RuleOutcome": "incidents.models.DecisionOutcome.values",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "opsmanager.common.api.openapi.finish",
        "automation.api.openapi.add_parameters",
    ],
    "TAGS": [
        {"name": "auth", "description": "Log in, and who the caller is."},
        {"name": "runbooks", "description": "The library: what can be run, and how it fared."},
        {"name": "executions", "description": "One runbook on one server: launch, follow, cancel."},
        {"name": "batches", "description": "One launch on several servers."},
        {"name": "templates", "description": "Saved parameters of runbooks, run at one call."},
        {"name": "schedules", "description": "What runs by itself at set times."},
        {"name": "analytics", "description": "How executions fared, over time."},
        {"name": "reports", "description": "What a shift hands over."},
        {
            "name": "incidents",
            "description": "What is broken, who has it, what may help, and sources.",
        },
        {"name": "remediation", "description": "Which incidents start which runbook, and why."},
        {"name": "servers", "description": "Servers, their groups, host keys and credentials."},
        {"name": "notifications", "description": "Who is told of what, and whether it arrived."},
        {"name": "audit", "description": "Who did what, and whether the record of it is whole."},
    ],
}
