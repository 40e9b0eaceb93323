"""Settings of a Django project behind a proxy that ends TLS, and that marketplace-sso asks."""

import os
from pathlib import Path

SECRET_KEY = os.environ["SECRET_KEY"]

# Every name by which it is asked: what browsers use, and the host of AUTH_INTROSPECTION_URL.
ALLOWED_HOSTS = os.environ["ALLOWED_HOSTS"].split(",")

# The proxy ends TLS and says so in this header. marketplace-sso asks by plain http, inside: its
# question is no visitor's, and is not sent to https.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^api/me$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
LOGIN_REDIRECT_URL = "/api/me"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
    }
]
USE_TZ = True
