"""The one settings file. Everything that differs between machines comes from the environment; docs/operator lists it."""

import os
import secrets
import sys
from pathlib import Path
from urllib.parse import quote

import pghistory

from gisapp import connecting, geolibs, secret_files
from gisapp.accounts import oidc
from gisapp.observe.config import configuration
from gisapp.paths import CHECKOUT, data_dir

secret_files.read()


def _flag(name: str, default: bool) -> bool:
    value = os.environ.get(name, "")
    return default if value == "" else value.lower() in {"1", "true", "yes", "on", "ja"}


def _list(name: str, default: str) -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


def _secret_key() -> str:
    """SECRET_KEY, or one made on the first start and kept for this user alone."""
    if os.environ.get("SECRET_KEY"):
        return os.environ["SECRET_KEY"]
    path = data_dir() / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"secret_key.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50))
        try:
            os.link(fresh, path)
        except FileExistsError:  # another process was first; its key is the key
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def _keys() -> list[str]:
    """DATA_KEYS or the lines of the file DATA_KEYS_FILE, the newest first."""
    path = os.environ.get("DATA_KEYS_FILE")
    return Path(path).read_text(encoding="utf-8").split() if path else _list("DATA_KEYS", "")


DATA_DIR = data_dir()
SECRET_KEY = _secret_key()
DATA_KEYS = _keys()
SECRET_KEY_FROM_ENVIRONMENT = bool(os.environ.get("SECRET_KEY"))
DEBUG = _flag("DEBUG", False)
ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS", "")
PUBLIC_URL = os.environ.get("PUBLIC_URL", "").rstrip("/")
HTTPS = _flag("HTTPS", PUBLIC_URL.startswith("https://"))

geolibs.initialise()
GDAL_LIBRARY_PATH = geolibs.gdal_library()
GEOS_LIBRARY_PATH = geolibs.geos_library()

INSTALLED_APPS = [
    "gisapp.accounts",
    "gisapp.tenants",
    "gisapp.status",
    "gisapp.accounts.administration.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "rest_framework_gis",
    "drf_spectacular",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "gisapp.tasks",
    "gisapp.mail",
    "gisapp.backup",
    "gisapp.registry",
    "gisapp.history",
    "gisapp.search",
    "gisapp.tiles",
    "gisapp.features",
    "gisapp.api",
    "gisapp.map",
    "gisapp.replica",
    "gisapp.qgis",
    "importers",
    # Layers: one line each.
    "layers.regions",
    "layers.basemap",
    "layers.notes",
    "layers.fibre",
    "layers.venues",
]

MIDDLEWARE = [
    "gisapp.observe.access.Observe",
    "gisapp.tenants.middleware.Tenancy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "gisapp.compression.Compress",
    "gisapp.middleware.ContentSecurityPolicy",
    "gisapp.status.middleware.Maintenance",
    "gisapp.middleware.Reconnect",
    "gisapp.replica.middleware.ReadFromReplica",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "gisapp.middleware.Locale",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "gisapp.accounts.middleware.BearerToken",
    "gisapp.accounts.middleware.SecondFactor",
    "gisapp.history.middleware.Recorded",
    "django.contrib.messages.middleware.MessageMiddleware",
    "gisapp.accounts.middleware.AccountPages",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gisapp.history.middleware.AsOf",
    "gisapp.middleware.ProblemDetails",
]

ROOT_URLCONF = os.environ.get("GISAPP_URLS") or "gisapp.urls"
WSGI_APPLICATION = "gisapp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gisapp.tenants.context.identity",
                "gisapp.status.context.notices",
                "gisapp.accounts.context.account_pages",
            ],
        },
    },
]

DATABASES = connecting.databases(_flag("GISAPP_SERVING", False))
# A replica that is further behind than so many seconds is not asked.
REPLICA_MAX_LAG = float(os.environ.get("REPLICA_MAX_LAG", "5"))
# Limits hold for all processes together, so what they count stands in the database; it is small and not logged ahead.
# "process" is each process's own memory: for what may be counted roughly and must cost nothing.
CACHES = {
    "default": {
        "BACKEND": "gisapp.replica.cache.PrimaryCache",
        "LOCATION": "gisapp_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
SESSION_ENGINE = "gisapp.replica.sessions"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/konto/anmelden/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]

# Log-in: django-allauth. Who may make an account without being asked to: nobody, unless one of the two says so.
ACCOUNT_SIGNUP = _flag("ACCOUNT_SIGNUP", False)
OIDC_CREATE = _flag("OIDC_CREATE", False)
ACCOUNT_ADAPTER = "gisapp.accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
# Wrong passwords: five for an address in five minutes, ten from one place in a minute.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_FORMS = {"login": "gisapp.accounts.forms.LoginForm"}
MFA_ADAPTER = "gisapp.accounts.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
SOCIALACCOUNT_ADAPTER = "gisapp.accounts.adapters.SocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_PROVIDERS = {"oidc": {"APPS": oidc.configured(os.environ)}}
# The demo's people log in without a second factor, on the demo's own database alone (accounts/second_factor.py).
DEMO_WITHOUT_SECOND_FACTOR = not os.environ.get("DATABASE_URL")

# Two writers of one row come after each other in the history as well: the later one has waited for the row.
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)
PGHISTORY_CREATED_AT_FUNCTION = "clock_timestamp()"

LANGUAGE_CODE = "de"
LANGUAGES = [("de", "Deutsch"), ("en", "English")]
LOCALE_PATHS = [CHECKOUT / "gisapp" / "locale"]
TIME_ZONE = "Europe/Berlin"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or data_dir() / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "gisapp.staticfiles.Storage"},
}
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT") or data_dir() / "media")

# What /readyz calls ready: free space below the data and media directories, and whether a worker must be alive.
READY_FREE_MB = int(os.environ.get("READY_FREE_MB", "500"))
READY_NEEDS_WORKER = _flag("READY_NEEDS_WORKER", True)
# A worker tells that it lives this often, in seconds; silent for three times as long, its jobs go to another.
WORKER_HEARTBEAT = float(os.environ.get("WORKER_HEARTBEAT", "10"))
JOBS_KEPT_DAYS = int(os.environ.get("JOBS_KEPT_DAYS", "7"))
FAILED_JOBS_KEPT_DAYS = int(os.environ.get("FAILED_JOBS_KEPT_DAYS", "90"))
# Uploads that nobody put into the data, and keys that ended, are forgotten after so many days.
IMPORTS_KEPT_DAYS = int(os.environ.get("IMPORTS_KEPT_DAYS", "14"))
TOKENS_KEPT_DAYS = int(os.environ.get("TOKENS_KEPT_DAYS", "90"))
# Who booked a venue is forgotten so many days after the use.
VENUES_KEPT_DAYS = int(os.environ.get("VENUES_KEPT_DAYS", "180"))

FILE_UPLOAD_HANDLERS = [
    "gisapp.uploads.Limited",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
# The orchestrator and the monitoring ask the process itself, without the proxy that speaks TLS.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
BEHIND_PROXY = _flag("BEHIND_PROXY", False)
NUM_PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "gisapp.problems.form_expired"

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["gisapp.api.parsers.Json", "gisapp.api.parsers.GeoJson"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["gisapp.api.authentication.TokenOrSession"],
    "DEFAULT_PERMISSION_CLASSES": ["gisapp.api.permissions.LayerPermission"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "gisapp.api.problems.handler",
    "DEFAULT_THROTTLE_RATES": {"write": "60/min", "search": "600/min", "download": "60/min"},
    # Whose requests are counted: the last address that our own proxy saw, never one that the asker made up.
    "NUM_PROXIES": NUM_PROXIES,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "KRIT-GIS",
    "DESCRIPTION": "Alles, was auf der Karte steht, als Schnittstelle. / Everything on the map, as an interface.",
    "VERSION": "1.0.0",
    "PREPROCESSING_HOOKS": ["gisapp.api.documented.plain_views"],
    "OAS_VERSION": "3.0.3",
}

# The map's own settings; {"title", "centre": [lon, lat], "zoom", "base_maps": [...]}: docs/operator/settings.md.
MAP_CONFIG_FILE = os.environ.get("GISAPP_MAP_CONFIG", "")
SITE_NAME = os.environ.get("SITE_NAME", "KRIT-GIS")

# Who publishes the catalogue (/catalog), and the contributor's address of DCAT-AP.de (from GovData).
CATALOG_PUBLISHER = os.environ.get("CATALOG_PUBLISHER", "")
CATALOG_CONTRIBUTOR = os.environ.get("CATALOG_CONTRIBUTOR", "")

# 1: whoever changes a feature must say which state of it was looked at (428 otherwise).
REQUIRE_IF_MATCH = _flag("REQUIRE_IF_MATCH", False)

# What `gisapp import` takes at most, and where its data may lie: west,south,east,north in metres of EPSG:25832.
IMPORT_MAX_MB = int(os.environ.get("GISAPP_IMPORT_MAX_MB", "8000"))
# And what the page /import/ takes.
UPLOAD_MAX_MB = int(os.environ.get("GISAPP_UPLOAD_MAX_MB", "500"))
IMPORT_MAX_FEATURES = int(os.environ.get("GISAPP_IMPORT_MAX_FEATURES", "20000000"))
IMPORT_AREA = tuple(float(one) for one in _list("GISAPP_IMPORT_AREA", "200000,5200000,1000000,6200000"))

# smtp://user:password@host:587, smtps://…:465, file:///folder; docs/operator/mail.md.
EMAIL_URL = os.environ.get("EMAIL_URL") or f"file://{quote(str(data_dir() / 'mail'))}"
MAIL_FROM = os.environ.get("MAIL_FROM", "")
# What Django and its apps send goes through the outbox as well.
EMAIL_BACKEND = "gisapp.mail.backend.Outbox"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL_FROM or "krit-gis@localhost"
MAIL_REPLY_TO = os.environ.get("MAIL_REPLY_TO", "")
MAIL_GIVE_UP_HOURS = float(os.environ.get("MAIL_GIVE_UP_HOURS", "72"))
MAIL_KEPT_DAYS = int(os.environ.get("MAIL_KEPT_DAYS", "30"))

# Lines for a person at a terminal, JSON for whatever collects them otherwise.
LOG_FORMAT = os.environ.get("LOG_FORMAT") or ("plain" if sys.stderr is not None and sys.stderr.isatty() else "json")
ACCESS_LOG = _flag("ACCESS_LOG", LOG_FORMAT == "json")
LOGGING = configuration(LOG_FORMAT, os.environ.get("LOG_LEVEL", "WARNING"), access=ACCESS_LOG)

# What the server itself may ask beside public addresses over https (gisapp/fetch.py).
FETCH_ALLOWED = _list("FETCH_ALLOWED", "")

# Who may read /metrics: networks, or the bearer of a token; for others the address does not exist.
METRICS_ALLOWED = _list("METRICS_ALLOWED", "127.0.0.0/8,::1/128")
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
