"""The Django project of the tests. Importing it sets it up, once for all modules."""

from collections.abc import Callable
from typing import Any

import django  # type: ignore[import-untyped]
from django.conf import settings  # type: ignore[import-untyped]
from django.http import HttpRequest, HttpResponse, JsonResponse  # type: ignore[import-untyped]
from django.shortcuts import render  # type: ignore[import-untyped]
from django.urls import path  # type: ignore[import-untyped]
from django.views.decorators.cache import cache_page  # type: ignore[import-untyped]

TEMPLATES = {
    "page": "<head>{% load pylon %}{% pylon_chat %}</head>",
    "nonce": "<head>{% load pylon %}{% pylon_chat nonce=request.own %}</head>",
}
MIDDLEWARE = ["django_project.user", "pylon_identity.django.middleware.NoStoreMiddleware"]

settings.configure(
    ALLOWED_HOSTS=["testserver"],
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "pylon_identity.django",
    ],
    MIDDLEWARE=MIDDLEWARE,
    PYLON_APP_ID="app-1",
    ROOT_URLCONF="django_project",
    SECRET_KEY="of the tests",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"],
                "loaders": [("django.template.loaders.locmem.Loader", TEMPLATES)],
            },
        }
    ],
    USE_I18N=False,
)
django.setup()

from django.contrib.auth.models import AnonymousUser  # type: ignore[import-untyped]  # noqa: E402

from pylon_identity.django import chat_settings  # noqa: E402


def user(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Log in the user that the test names, without a database."""

    def log_in(request: HttpRequest) -> HttpResponse:
        request.user = request.META.get("user", AnonymousUser())
        return get_response(request)

    return log_in


def page(request: HttpRequest) -> HttpResponse:
    return render(request, request.GET.get("template", "page"))


def api(request: HttpRequest) -> HttpResponse:
    return JsonResponse(chat_settings(request))


def plain(_: HttpRequest) -> HttpResponse:
    return HttpResponse("no chat")


def broken(request: HttpRequest) -> HttpResponse:
    settings_of_the_page = chat_settings(request)
    raise RuntimeError(f"of the test, with {len(settings_of_the_page)} settings")


urlpatterns = [
    path("", page),
    path("api", api),
    path("plain", plain),
    path("broken", broken),
    path("cached", cache_page(60)(page)),
]
