"""A login of the usual kind; the chat is in templates/page.html and in api_chat_settings()."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from pylon_identity.django import chat_settings


def page(request: HttpRequest, status: int = 200, error: str = "") -> HttpResponse:
    widget = f"{settings.WIDGET_ORIGIN}/widget/{settings.PYLON_APP_ID}"
    return render(request, "page.html", {"widget": widget, "error": error}, status=status)


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    return page(request)


@require_POST
def log_in(request: HttpRequest) -> HttpResponse:
    email, password = request.POST.get("email", ""), request.POST.get("password", "")
    user = authenticate(request, username=email, password=password)
    if user is None:
        return page(request, 401, "Wrong email or password.")
    login(request, user)
    return HttpResponseRedirect("/", status=303)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponseRedirect("/", status=303)


@require_GET
def api_chat_settings(request: HttpRequest) -> HttpResponse:
    """Serve single-page apps, which assign the answer to window.pylon.chat_settings."""
    answer = chat_settings(request)
    if request.user.is_anonymous:
        return JsonResponse({"error": "Log in first."}, status=401)
    return JsonResponse(answer)


def posts_from_our_pages_only(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Stop other sites from logging a visitor in as another user; old browsers send Origin.

    All the examples do this. A project with Django's CsrfViewMiddleware does not need it.
    """

    def check(request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and not from_our_page(request):
            return HttpResponse("Post from our own pages only.", status=403)
        return get_response(request)

    return check


def from_our_page(request: HttpRequest) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    host = urlsplit(request.headers.get("Origin", "")).netloc
    return host != "" and host == request.headers.get("Host")
