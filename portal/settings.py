"""Django's settings, from the typed configuration. Owns how the parts are wired; never reads the environment itself."""

from __future__ import annotations

import os
from typing import Any

from portal.config import ROOT, read
from portal.schedule import beat_schedule

CONFIG = read(os.environ)

SECRET_KEY = CONFIG.secret_key
DEBUG = CONFIG.debug
ALLOWED_HOSTS = CONFIG.allowed_hosts
CSRF_TRUSTED_ORIGINS = CONFIG.csrf_trusted_origins

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "governance.apps.GovernanceConfig",
    "orchestration.apps.OrchestrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "simple_history",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "portal.middleware.tracing.TracingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "portal.middleware.health.HealthMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.reader.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "portal.middleware.problems.ProblemsMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.shell",
            ]
        },
    }
]

DATABASES = {"default": {**CONFIG.database, "ATOMIC_REQUESTS": False}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
#: How long figures that are the same for all readers are shared, seconds.
PLUMBLINE_SHARED_SECONDS = 3.0

AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["portal.sign_in.ThrottledBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = CONFIG.data_dir / "static"
STATICFILES_DIRS = [ROOT / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "portal.assets.PackagedAssetsFinder",
]
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if CONFIG.embedded
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = CONFIG.embedded
WHITENOISE_AUTOREFRESH = CONFIG.debug

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if not CONFIG.embedded:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
if CONFIG.proxy_https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024  # above the 4 MiB payload limit, so that the limit itself answers

CELERY_BROKER_URL = CONFIG.broker_url
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "steps"
CELERY_TASK_ROUTES = {
    "orchestration.tasks.wake": {"queue": "control"},
    "orchestration.tasks.prune": {"queue": "control"},
    "orchestration.tasks.prune_events": {"queue": "control"},
    "orchestration.tasks.route": {"queue": "control"},
    "orchestration.tasks.watch": {"queue": "control"},
    "orchestration.tasks.fold": {"queue": "control"},
    "governance.tasks.*": {"queue": "control"},
    "portal.tasks.*": {"queue": "control"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
#: On Redis Celery keeps a copy of each message until it is acknowledged, for two trips to the broker. Ours are only wake-ups,
#: which may be lost: the sweeper sends them again. RabbitMQ takes no notice of it.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2, "ack_emulation": False}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
#: With it a worker that lost RabbitMQ and found it again took what waited every twenty seconds only.
CELERY_WORKER_ENABLE_PREFETCH_COUNT_REDUCTION = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_DB_REUSE_MAX = 1_000_000  # with close_old_connections() before each task: reuse, and survive a restart
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = beat_schedule(CONFIG)
CELERY_BEAT_SCHEDULE_FILENAME = str(CONFIG.data_dir / "beat-schedule")

if CONFIG.mail is not None:
    EMAIL_HOST, EMAIL_PORT = CONFIG.mail.host, CONFIG.mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = CONFIG.mail.user, CONFIG.mail.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = CONFIG.mail.tls, CONFIG.mail.start_tls
    EMAIL_TIMEOUT = 10
    DEFAULT_FROM_EMAIL = CONFIG.mail.sender

PLUMBLINE = CONFIG
LOGGING_CONFIG = None

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.api.problems.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Plumbline",
    "DESCRIPTION": "Durable workflows and their governance. Errors are problem+json; lists are keyset pages.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "FlagPosition": "portal.api.enums.FLAG_POSITIONS",
        "FlagDefault": "portal.api.enums.FLAG_DEFAULTS",
        "FlagWhenOff": "portal.api.enums.FLAG_WHEN_OFF",
        "RunStatus": "portal.api.enums.RUN_STATUSES",
        "RunResult": "portal.api.enums.RUN_RESULTS",
        "Compensation": "portal.api.enums.COMPENSATIONS",
        "JobState": "portal.api.enums.JOB_STATES",
        "RerunVersion": "portal.api.enums.RERUN_VERSIONS",
        "StepStatus": "portal.api.enums.STEP_STATUSES",
        "ChangeState": "portal.api.enums.CHANGE_STATES",
        "VersionState": "portal.api.enums.VERSION_STATES",
        "VerificationRole": "portal.api.enums.VERIFICATION_ROLES",
        "DecisionStatus": "portal.api.enums.DECISION_STATUSES",
        "PostmortemStatus": "portal.api.enums.POSTMORTEM_STATUSES",
        "PostmortemSeverity": "portal.api.enums.POSTMORTEM_SEVERITIES",
        "ActionState": "portal.api.enums.ACTION_STATES",
        "ActionCheck": "portal.api.enums.ACTION_CHECKS",
        "LineKind": "portal.api.enums.LINE_KINDS",
        "LineShown": "portal.api.enums.LINES_SHOWN",
        "RunbookStatus": "portal.api.enums.RUNBOOK_STATUSES",
        "ExerciseState": "portal.api.enums.EXERCISE_STATES",
        "ExerciseEnd": "portal.api.enums.EXERCISE_ENDS",
        "ExerciseTick": "portal.api.enums.EXERCISE_TICKS",
        "ExerciseEntryKind": "portal.api.enums.EXERCISE_ENTRIES",
        "ExerciseActionState": "portal.api.enums.EXERCISE_ACTION_STATES",
        "DeliveryState": "portal.api.enums.DELIVERY_STATES",
        "TickOutcome": "portal.api.enums.TICK_OUTCOMES",
        "BackfillOrder": "portal.api.enums.BACKFILL_ORDERS",
        "BreakerState": "portal.api.enums.BREAKER_STATES",
        "ForcedState": "portal.api.enums.FORCED_STATES",
        "DependencyHealth": "portal.api.enums.DEPENDENCY_HEALTH",
        "AlertState": "portal.api.enums.ALERT_STATES",
        "AlertKind": "portal.api.enums.ALERT_KINDS",
        "AlertEventKind": "portal.api.enums.ALERT_EVENTS",
        "ApprovalState": "portal.api.enums.APPROVAL_STATES",
        "ApprovalWord": "portal.api.enums.APPROVAL_WORDS",
        "Severity": "portal.api.enums.SEVERITIES",
        "Indicator": "portal.api.enums.INDICATORS",
        "ObjectiveSource": "portal.api.enums.OBJECTIVE_SOURCES",
        "BudgetState": "portal.api.enums.BUDGET_STATES",
        "FileAction": "portal.api.enums.FILE_ACTIONS",
        "ImportAction": "portal.api.enums.IMPORT_ACTIONS",
        "RelationKind": "portal.api.enums.RELATION_KINDS",
        "RevisionAction": "portal.api.enums.REVISION_ACTIONS",
        "BulkKind": "portal.api.enums.BULK_KINDS",
        "BulkField": "portal.api.enums.BULK_FIELDS",
        "BulkOutcome": "portal.api.enums.BULK_OUTCOMES",
        "RelationNamed": "portal.api.enums.RELATIONS_NAMED",
        "ImportOutcome": "portal.api.enums.IMPORT_OUTCOMES",
    },
}
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_REVERT_DISABLED = True
