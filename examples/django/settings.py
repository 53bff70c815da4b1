"""Settings of the demo. Those of the chat are at the end."""

import os
import secrets
from pathlib import Path

from csp.constants import NONCE, NONE, SELF

DEVELOPMENT = os.environ.get("DEVELOPMENT") == "1"  # for plain HTTP: cookies without Secure
WIDGET_ORIGIN = os.environ.get("WIDGET_ORIGIN", "https://widget.usepylon.com")

DEBUG = False  # its error pages show more than visitors should see
SECRET_KEY = secrets.token_urlsafe(50)  # in production it stays the same
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]  # and the names of your site
ROOT_URLCONF = "urls"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "csp",
    "pylon_identity.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "views.posts_from_our_pages_only",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "csp.middleware.CSPMiddleware",
    "pylon_identity.django.middleware.NoStoreMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(__file__).parent / "db.sqlite3",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# On the server, so that logging out ends them. In production they are in your database.
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = not DEVELOPMENT
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"]},
}

# This is for django-csp. Django 6 has SECURE_CSP, with the same directives.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "script-src": [NONCE, WIDGET_ORIGIN],
        "connect-src": [SELF, WIDGET_ORIGIN, "https://*.usepylon.com", "wss://*.pusher.com"],
        "style-src": [SELF, "'unsafe-inline'", "https://*.usepylon.com"],
        "font-src": [SELF, "https://*.usepylon.com"],
        "img-src": [
            SELF,
            "https://*.usepylon.com",
            "https://pylon-avatars.s3.us-west-1.amazonaws.com",
            "https://d3vl36l12sfx26.cloudfront.net",
        ],
    }
}

PYLON_APP_ID = os.environ["PYLON_APP_ID"]
# The secret is in the environment variable PYLON_IDENTITY_SECRET, and so in no setting.
