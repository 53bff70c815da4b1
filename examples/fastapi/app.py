"""Pylon's chat with verified users, on FastAPI. README.md says how to run it."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from starlette.middleware.base import RequestResponseEndpoint

from pylon_identity import ChatSettings, IdentitySecret, chat_settings_script

IDENTITY_SECRET = IdentitySecret.from_env()  # once, when the server starts
APP_ID = os.environ["PYLON_APP_ID"]
WIDGET_ORIGIN = os.environ.get("WIDGET_ORIGIN", "https://widget.usepylon.com")
DEVELOPMENT = os.environ.get("DEVELOPMENT") == "1"  # for plain HTTP: cookies without Secure

CSP = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "form-action 'self'; script-src 'nonce-{nonce}' {widget}; "
    "connect-src 'self' {widget} https://*.usepylon.com wss://*.pusher.com; "
    "style-src 'self' 'unsafe-inline' https://*.usepylon.com; "
    "font-src 'self' https://*.usepylon.com; img-src 'self' https://*.usepylon.com "
    "https://pylon-avatars.s3.us-west-1.amazonaws.com https://d3vl36l12sfx26.cloudfront.net"
)


SESSION_SECONDS = 8 * 60 * 60
MAX_SESSIONS = 10_000


class User(NamedTuple):
    name: str
    password: str


# Your own users and login, with hashed passwords, go here.
DEMO_USERS = {
    "ada@example.com": User("Ada Lovelace", "demo"),
    "grace@example.com": User("Grace Hopper", "demo"),
    "mallory@example.com": User("</script><script>window.pwned=1</script><!--", "demo"),
}


class Session(NamedTuple):
    email: str
    expires: float


# On the server, so that logging out ends them. In production they are in your database.
sessions: dict[str, Session] = {}  # by the random id in the cookie, oldest first


def start_session(response: Response, email: str) -> None:
    if len(sessions) >= MAX_SESSIONS:
        del sessions[next(iter(sessions))]
    session_id = secrets.token_urlsafe(32)
    sessions[session_id] = Session(email, time.monotonic() + SESSION_SECONDS)
    response.set_cookie(
        "session", session_id, httponly=True, samesite="lax", secure=not DEVELOPMENT
    )


def session_email(request: Request) -> str | None:
    session = sessions.get(request.cookies.get("session", ""))
    return session.email if session and time.monotonic() < session.expires else None


app = FastAPI(openapi_url=None)
templates = Jinja2Templates(Path(__file__).parent / "templates")


def chat_settings(request: Request) -> ChatSettings | None:
    """Sign the email of the session, and never one that the request names."""
    email = session_email(request)
    user = DEMO_USERS.get(email) if email else None
    if email is None or user is None:
        return None
    # Only an address that the user has proved to own: a confirmed sign-up or change.
    return IDENTITY_SECRET.chat_settings(app_id=APP_ID, email=email, name=user.name)


def page(request: Request, status_code: int = 200, **context: Any) -> Response:
    nonce = secrets.token_hex(16)
    settings = chat_settings(request)
    context |= {
        "user": settings,
        "nonce": nonce,
        "settings_script": chat_settings_script(settings or {"app_id": APP_ID}, nonce=nonce),
        "widget": f"{WIDGET_ORIGIN}/widget/{APP_ID}",
    }
    headers = {"Content-Security-Policy": CSP.format(nonce=nonce, widget=WIDGET_ORIGIN)}
    return templates.TemplateResponse(request, "page.html", context, status_code, headers)


def from_our_page(request: Request) -> bool:
    """Stop other sites from logging a visitor in as another user; old browsers send Origin."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    host = urlsplit(request.headers.get("Origin", "")).netloc
    return host != "" and host == request.headers.get("Host")


@app.middleware("http")
async def protect(request: Request, call_next: RequestResponseEndpoint) -> Response:
    if request.method == "POST" and not from_our_page(request):
        response = Response("Post from our own pages only.", 403)
    else:
        response = await call_next(request)
    response.headers["Cache-Control"] = "no-store, private"  # the hash is for this user only
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@app.get("/")
def home(request: Request) -> Response:
    return page(request)


@app.post("/login")
def login(
    request: Request, email: Annotated[str, Form()], password: Annotated[str, Form()]
) -> Response:
    user = DEMO_USERS.get(email)
    if user is None or not secrets.compare_digest(user.password.encode(), password.encode()):
        return page(request, 401, error="Wrong email or password.")
    response = RedirectResponse("/", 303)
    start_session(response, email)
    return response


@app.post("/logout")
def logout(request: Request) -> Response:
    sessions.pop(request.cookies.get("session", ""), None)
    response = RedirectResponse("/", 303)
    response.delete_cookie("session", httponly=True, samesite="lax", secure=not DEVELOPMENT)
    return response


@app.get("/api/chat-settings")
def api_chat_settings(request: Request) -> ChatSettings:
    """Serve single-page apps, which assign the answer to window.pylon.chat_settings."""
    settings = chat_settings(request)
    if settings is None:
        raise HTTPException(401, "Log in first.")
    return settings


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
