"""Who gets in and how: keys, passwords, sessions, tokens, cookies."""

from datetime import timedelta
from urllib.parse import urlsplit

from opsmanager.settings import env
from opsmanager.settings.base import PUBLIC_URL

SECRET_KEY = env.text("SECRET_KEY")

# Behind `make run` the address is a local one; elsewhere the public URL names the host.
ALLOWED_HOSTS = [
    *env.words("ALLOWED_HOSTS"),
    urlsplit(PUBLIC_URL).hostname or "localhost",
    "localhost",
    "127.0.0.1",
    "[::1]",
]
_IS_HTTPS = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _IS_HTTPS else None
SECURE_SSL_REDIRECT = _IS_HTTPS
# A load balancer asks the process itself, not by way of the proxy that speaks HTTPS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if _IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _IS_HTTPS
SECURE_HSTS_PRELOAD = _IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
# No request is larger; the largest by far is a batch on many servers.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# A name with this beginning is believed by browsers only from HTTPS, for this host alone.
_COOKIE_PREFIX = "__Host-" if _IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_SECURE = _IS_HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "opsmanager.accounts.sessions"
# However much it is used, a session ends; and earlier when nobody uses it.
SESSION_COOKIE_AGE = env.integer("OPSMANAGER_SESSION_HOURS", 12, least=1) * 3600
SESSION_IDLE_MINUTES = env.integer("OPSMANAGER_SESSION_IDLE_MINUTES", 30, least=1)
DEVICE_COOKIE_PATH = "/login/"
# How many proxies of ours stand in front; each appends an address to X-Forwarded-For.
TRUSTED_PROXIES = env.integer("OPSMANAGER_TRUSTED_PROXIES", 0)
CSRF_COOKIE_SECURE = _IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "opsmanager.home.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"

# What an error report shows of requests, variables and settings, also with DEBUG.
DEFAULT_EXCEPTION_REPORTER = "opsmanager.common.error_reports.SafeReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "opsmanager.common.error_reports.SafeFilter"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "opsmanager.accounts.backends.PasswordBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None  # guardian: nobody is somebody without a login
GUARDIAN_MONKEY_PATCH_USER = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# Web seals credentials with the public key; only workers are given the private ones.
CREDENTIAL_PUBLIC_KEY, CREDENTIAL_PRIVATE_KEYS = env.credential_keys(
    "OPSMANAGER_CREDENTIAL_PUBLIC_KEY", "OPSMANAGER_CREDENTIAL_PRIVATE_KEYS"
)

JWT_PRIVATE_KEY, JWT_PUBLIC_KEY = env.rsa_key("OPSMANAGER_JWT_PRIVATE_KEY")
# Keys that sign no longer, or not yet, but are good for checking.
JWT_PREVIOUS_KEYS = env.rsa_public_keys("OPSMANAGER_JWT_PREVIOUS_KEYS")
JWT_ISSUER = JWT_AUDIENCE = "opsmanager"
JWT_ACCESS_LIFETIME = timedelta(minutes=10)
JWT_REFRESH_LIFETIME = timedelta(days=1)
# After this somebody has to log in again, however often the tokens were renewed.
JWT_LOGIN_LIFETIME = timedelta(days=30)

# What servers' addresses may be beside those that can be a server's anywhere.
SERVER_ALLOWED_NETWORKS = env.networks("OPSMANAGER_SERVER_ALLOWED_NETWORKS")
