"""Django's settings, read from the environment; every default is safe for one machine.

Wiring only: nothing here knows what a step is. Source: docs/operating.md, "Environment".
"""

import os
import secrets
import socket
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from tasks.config.cfg import read_cfg
from tasks.config.items import read_items
from tasks.crypto.kept import kept
from tasks.telemetry import logs
from utask_project import databases, environment

BASE_DIR = Path(__file__).resolve().parent.parent
UTASK_VAR = Path(environment.text("UTASK_VAR", default=str(BASE_DIR / "var"))).absolute()

# --- What the service does -------------------------------------------------------------------------------------------

PORT = environment.number("PORT", "SERVER_PORT", default=8081, least=1, most=65535)
#: The address the web server listens on. Loopback, because passwords cross it in clear; a proxy or container opens it.
UTASK_BIND = environment.text("UTASK_BIND", default="127.0.0.1")
#: Where browsers find us; the start of links in notifications. Empty: as the request says.
UTASK_BASE_URL = environment.text("UTASK_BASE_URL").rstrip("/")
UTASK_REGION = environment.text("UTASK_REGION", "REGION", default="default")
#: What /meta and the API's description say of this build.
UTASK_VERSION = "0.1.0"
UTASK_COMMIT = environment.text("UTASK_COMMIT")
UTASK_MAINTENANCE = environment.flag("UTASK_MAINTENANCE", "MAINTENANCE_MODE")
#: Resident runners on this machine. One more worker serves django-q2's ordinary jobs.
UTASK_WORKERS = environment.number("UTASK_WORKERS", default=min(os.cpu_count() or 1, 4), least=1, most=256)
#: Actions that one runner has running at once; each that waits for somebody costs a thread.
UTASK_HANDS = environment.number("UTASK_HANDS", default=100, least=1, most=10_000)
#: A longer output of a step, as JSON, is a FATAL_ERROR.
UTASK_MAX_OUTPUT_BYTES = environment.number(
    "UTASK_MAX_OUTPUT_BYTES", default=10_000_000, least=1_000, most=1_000_000_000
)
#: What texts of templates may reach beside their values: ``environment``, ``network``; nothing by default.
UTASK_TEXT_DOORS = environment.words("UTASK_TEXT_DOORS")
#: What one rendering of a text may cost.
UTASK_TEXT_SECONDS = environment.number("UTASK_TEXT_SECONDS", default=10, least=1, most=3600)
UTASK_TEXT_OUTPUT_SIZE = environment.number(
    "UTASK_TEXT_OUTPUT_SIZE", default=10_000_000, least=1_000, most=1_000_000_000
)
UTASK_TEXT_STEPS = environment.number("UTASK_TEXT_STEPS", default=1_000_000, least=100, most=1_000_000_000)
UTASK_TEXT_DEPTH = environment.number("UTASK_TEXT_DEPTH", default=100, least=5, most=100)
#: Networks that actions may not connect to; None: those where clouds give out credentials.
UTASK_DENIED_NETWORKS = environment.networks("UTASK_DENIED_NETWORKS")
#: Variables of the service's environment that scripts see, beside PATH, HOME and the like.
UTASK_SCRIPT_VARIABLES = environment.words("UTASK_SCRIPT_VARIABLES")
#: What each resident worker runs until it is asked to stop.
UTASK_RUNNER = "tasks.runner.run"
#: Seconds that a start waits for a database that is not up yet.
UTASK_DATABASE_WAIT = environment.number("UTASK_DATABASE_WAIT", default=30, least=0, most=3600)
#: Seconds that running steps have to end when the service stops.
UTASK_STOP_GRACE = environment.number("UTASK_STOP_GRACE", default=3, least=0, most=3600)

UTASK_TEMPLATES_PATH = environment.folders("UTASK_TEMPLATES_PATH", "TEMPLATES", shipped=BASE_DIR / "templates_yaml")
#: Whether administrators may save templates from the editor into the folder of templates.
UTASK_EDITOR_SAVES = environment.flag("UTASK_EDITOR_SAVES")
UTASK_FUNCTIONS_PATH = environment.folders(
    "UTASK_FUNCTIONS_PATH", "FUNCTIONS", shipped=BASE_DIR / "templates_yaml" / "functions"
)
UTASK_SCRIPTS_PATH = environment.folders(
    "UTASK_SCRIPTS_PATH", "SCRIPTS", shipped=BASE_DIR / "templates_yaml" / "scripts"
)
UTASK_ACTIONS_PATH = environment.folders("UTASK_ACTIONS_PATH", "PLUGINS", shipped=BASE_DIR / "actions")
UTASK_INIT_PATH = environment.folders("UTASK_INIT_PATH", "INIT", shipped=BASE_DIR / "init")

#: Configuration items of the original's sources; what they mean is checked when the application starts.
CONFIGURATION_FROM = environment.text("CONFIGURATION_FROM")
#: Keys of the storage, newest first; without them and without ``encryption-key`` items one is made in UTASK_VAR.
UTASK_ENCRYPTION_KEYS = environment.text("UTASK_ENCRYPTION_KEYS")
UTASK_ENCRYPTION_KEY_FILE = UTASK_VAR / "encryption-key.json"
#: A folder to which expired tasks are written, encrypted as they are stored, before they are deleted. None: nowhere.
UTASK_EXPORT_PATH = Path(_folder).absolute() if (_folder := environment.text("UTASK_EXPORT_PATH")) else None
#: Unix sockets by which processes of this machine ring each other; used on SQLite.
UTASK_BELLS = UTASK_VAR / "bells"

# --- Django ----------------------------------------------------------------------------------------------------------

DEBUG = environment.flag("UTASK_DEBUG", "DEBUG")
SECRET_KEY = environment.text("UTASK_SECRET_KEY") or kept(UTASK_VAR / "secret-key", lambda: secrets.token_urlsafe(64))
SECRET_KEY_FALLBACKS = environment.words("UTASK_SECRET_KEY_FALLBACKS")

INSTALLED_APPS = [
    # Before django_q: `manage.py qcluster` is then ours, which survives a kill of any of its processes.
    "tasks",
    # Without a search for admin modules: the site is ours (tasks/admin/site.py) and holds what we put into it.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "utask_project.headers.ContentSecurityPolicy",
    "utask_project.compression.CompressPages",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tasks.api.middleware.ApiMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "utask_project.remote.RemoteUser",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "utask_project.urls"
WSGI_APPLICATION = "utask_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"utask": "tasks.admin.tags"},
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

# What is wrong with the items is told by the checks of tasks/apps.py; here they are read as far as they go.
_items = read_items(CONFIGURATION_FROM, os.environ)
_cfg = read_cfg(_items, required=False).cfg
DATABASES = {
    "default": databases.settings_of(
        environment.text("DATABASE_URL", default=_items.get(_cfg.database_config.item) or ""),
        default_sqlite=UTASK_VAR / "utask.sqlite3",
        lifetime_seconds=_cfg.database_config.lifetime_seconds,
        # Set by wsgi.py: threads of a web server share connections; a runner has one, and forks must not share a pool.
        pool_size=_cfg.database_config.most_connections if environment.flag("UTASK_WEB_PROCESS") else 0,
    )
}
#: In each process's own memory: nothing that two processes must agree on may be kept there.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- Who may come in -------------------------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
]
AUTHENTICATION_BACKENDS = ["tasks.services.logins.LimitedBackend"]
LOGIN_URL = LOGIN_REDIRECT_URL_FAILURE = LOGOUT_REDIRECT_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

#: An OpenID Connect provider, by its issuer; empty: none. Its addresses: see its discovery document.
UTASK_OIDC_ISSUER = environment.text("UTASK_OIDC_ISSUER")
UTASK_OIDC_USERNAME_CLAIM = environment.text("UTASK_OIDC_USERNAME_CLAIM", default="preferred_username")
UTASK_OIDC_GROUPS_CLAIM = environment.text("UTASK_OIDC_GROUPS_CLAIM", default="groups")
OIDC_RP_CLIENT_ID = environment.text("UTASK_OIDC_CLIENT_ID")
OIDC_RP_CLIENT_SECRET = environment.text("UTASK_OIDC_CLIENT_SECRET")
OIDC_RP_SIGN_ALGO = environment.text("UTASK_OIDC_ALGORITHM", default="RS256")
OIDC_RP_SCOPES = environment.text("UTASK_OIDC_SCOPES", default="openid profile email")
OIDC_OP_AUTHORIZATION_ENDPOINT = environment.text("UTASK_OIDC_AUTHORIZATION_URL")
OIDC_OP_TOKEN_ENDPOINT = environment.text("UTASK_OIDC_TOKEN_URL")
OIDC_OP_USER_ENDPOINT = environment.text("UTASK_OIDC_USERINFO_URL")
OIDC_OP_JWKS_ENDPOINT = environment.text("UTASK_OIDC_JWKS_URL")
OIDC_USE_PKCE = True
OIDC_TIMEOUT = 10
if UTASK_OIDC_ISSUER:
    _oidc = ("CLIENT_ID", "CLIENT_SECRET", "AUTHORIZATION_URL", "TOKEN_URL", "USERINFO_URL", "JWKS_URL")
    if _missing := [f"UTASK_OIDC_{name}" for name in _oidc if not environment.text(f"UTASK_OIDC_{name}")]:
        raise ImproperlyConfigured(f"UTASK_OIDC_ISSUER is set, so these must be too: {', '.join(_missing)}")
    INSTALLED_APPS.append("mozilla_django_oidc")
    AUTHENTICATION_BACKENDS.append("utask_project.oidc.OpenIDConnect")


def _own_hosts() -> list[str]:
    """This machine's names and addresses: enough at home, and none that a stranger's page can take (DNS rebinding)."""
    name = socket.gethostname()
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(name, None)}
    except OSError:
        addresses = set()
    literal = {f"[{address}]" if ":" in address else address for address in addresses}
    return ["localhost", "127.0.0.1", "[::1]", name, *sorted(literal)]


ALLOWED_HOSTS = environment.words("UTASK_ALLOWED_HOSTS", default=_own_hosts())
_base = urlsplit(UTASK_BASE_URL or _cfg.base_url)
if _base.hostname:
    ALLOWED_HOSTS.append(_base.hostname)
CSRF_TRUSTED_ORIGINS = [f"{_base.scheme}://{_base.netloc}"] if _base.hostname else []

#: On where browsers reach us by https, usually through a proxy: then nothing goes by http, and cookies neither.
UTASK_HTTPS = environment.flag("UTASK_HTTPS")
#: Proxies whose forwarded headers are believed: addresses or networks.
UTASK_TRUSTED_PROXIES = environment.words("UTASK_TRUSTED_PROXIES", default=["127.0.0.1", "::1"])
#: A header in which a trusted proxy names who it let in, like X-Remote-User. Empty: no header is believed.
UTASK_REMOTE_USER_HEADER = environment.text("UTASK_REMOTE_USER_HEADER")
#: A header in which it names his groups, separated by commas, like X-Remote-Groups. Empty: none is believed.
UTASK_REMOTE_GROUPS_HEADER = environment.text("UTASK_REMOTE_GROUPS_HEADER")
#: Origins whose pages may read our answers, without our cookies.
UTASK_CORS_ORIGINS = environment.words("UTASK_CORS_ORIGINS", default=["*"])
#: Whether metrics and statistics are told to everybody, as the original does; else to who is authenticated.
UTASK_OPEN_METRICS = environment.flag("UTASK_OPEN_METRICS")
#: Streams of events that one web process serves at a time: each takes a thread.
UTASK_MAX_STREAMS = environment.number("UTASK_MAX_STREAMS", default=64, least=0, most=100_000)
#: A folder with the pages of a dashboard, the original's or another, for /ui/dashboard/. None: the admin is shown.
UTASK_DASHBOARD_PATH = Path(text).absolute() if (text := environment.text("UTASK_DASHBOARD_PATH")) else None
#: Tasks of one batch.
UTASK_MAX_BATCH = environment.number("UTASK_MAX_BATCH", default=10_000, least=1, most=1_000_000)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = UTASK_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^unsecured/mon/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if UTASK_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = UTASK_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "tasks.admin.failures.too_old"

# --- Requests --------------------------------------------------------------------------------------------------------

# The largest body of an API request is the API's own, smaller limit (utask-cfg, server_options.max_body_bytes).
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# whitenoise serves the files from where they lie: nothing has to be collected before a start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # The first one's challenge is what a request without credentials gets.
        "tasks.api.authentication.BasicAuthentication",
        "tasks.api.authentication.TokenAuthentication",
        "tasks.api.authentication.SessionAuthentication",
        "tasks.api.authentication.HeaderAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": [
        "tasks.api.answers.JSONAnswer",
        "tasks.api.answers.YAMLAnswer",
        "tasks.api.answers.BrowsableAnswer",
    ],
    "DEFAULT_PARSER_CLASSES": ["tasks.api.bodies.AnyParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tasks.api.answers.Negotiation",
    "EXCEPTION_HANDLER": "tasks.api.errors.answer_error",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "tasks.api.openapi.OperationSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "µTask",
    "DESCRIPTION": (
        "Tasks from templates: ask for one, resolve it, watch it run. Every body is read as JSON or YAML, whatever its "
        "content type; answers are JSON, or YAML where `Accept: application/x-yaml` asks for it."
    ),
    "VERSION": UTASK_VERSION,
    "LICENSE": {"name": "BSD-3-Clause"},
    "SERVE_INCLUDE_SCHEMA": False,
    # What the document lacks is no matter of deployment: the API's own tests look at it.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
    "SCHEMA_PATH_PREFIX": "",
    "SORT_OPERATIONS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "TAGS": [
        {"name": "01 - task", "description": "Tasks and batches."},
        {"name": "02 - resolution", "description": "The running of a task, and its steps."},
        {"name": "03 - comment", "description": "What people say about a task."},
        {"name": "04 - template", "description": "What can be asked for."},
        {"name": "05 - function", "description": "Actions under a name of their own, for templates."},
        {"name": "callback", "description": "Answers from outside."},
        {"name": "x-misc", "description": "The service itself."},
    ],
}

# --- Work ------------------------------------------------------------------------------------------------------------

Q_CLUSTER = {
    "name": "utask",
    "workers": UTASK_WORKERS + 1,
    "broker_class": "tasks.doorbell.broker.Broker",
    "orm": "default",
    "bulk": 1,
    # A dead process is noticed at the next look.
    "guard_cycle": 0.25,
    # A message is delivered again after `retry` seconds without an answer: more than the wait behind a job and the job.
    "timeout": 600,
    "retry": 1300,
    # A job that failed is kept as failed, not run for ever.
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "label": "Queue",
}

# --- What is said ----------------------------------------------------------------------------------------------------

UTASK_LOG_FORMAT = environment.text("UTASK_LOG_FORMAT", "LOGS_FORMAT", default="text")
if UTASK_LOG_FORMAT not in logs.FORMATS:
    raise ImproperlyConfigured(f"UTASK_LOG_FORMAT: must be one of {', '.join(logs.FORMATS)}")
#: A file for the same lines as JSON; `manage.py up` sets and rotates it.
UTASK_LOG_FILE = environment.text("UTASK_LOG_FILE")
LOGGING = logs.configuration(UTASK_LOG_FORMAT, debug=DEBUG, file=UTASK_LOG_FILE)
