"""Pylon's chat with verified users, on FastAPI. README.md says how to run it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import uvicorn
from fastapi import FastAPI, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.sessions import SessionMiddleware

from pylon_identity import IdentitySecret, chat_settings_script

IDENTITY_SECRET = IdentitySecret.from_env()  # once, when the server starts
APP_ID = os.environ["PYLON_APP_ID"]
SESSION_SECRET = os.environ.get("SESSION_SECRET") or secrets.token_hex(32)
WIDGET_ORIGIN = os.environ.get("WIDGET_ORIGIN", "https://widget.usepylon.com")
DEVELOPMENT = os.environ.get("DEVELOPMENT") == "1"  # on plain HTTP, so no Secure cookies

CSP = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "form-action 'self'; script-src 'nonce-{nonce}' {widget}; "
    "connect-src 'self' {widget} https://*.usepylon.com wss://*.pusher.com; "
    "style-src 'unsafe-inline' https://*.usepylon.com; "
    "font-src https://*.usepylon.com; img-src https://*.usepylon.com"
)


class User(NamedTuple):
    name: str
    password: str


# Your own users and login, with hashed passwords, go here.
DEMO_USERS = {
    "ada@example.com": User("Ada Lovelace", "demo"),
    "grace@example.com": User("Grace Hopper", "demo"),
    "mallory@example.com": User("</script><script>window.pwned=1</script><!--", "demo"),
}

app = FastAPI(openapi_url=None)
app.add_middleware(
    SessionMiddleware, secret_key=SESSION_SECRET, same_site="lax", https_only=not DEVELOPMENT
)
templates = Jinja2Templates(Path(__file__).parent / "templates")


def chat_settings(request: Request) -> dict[str, str] | None:
    """Sign the email of the session, and never one that the request names."""
    email = request.session.get("email", "")
    user = DEMO_USERS.get(email)
    if user is None:
        return None
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


@app.middleware("http")
async def protect(request: Request, call_next: RequestResponseEndpoint) -> Response:
    # SameSite keeps others from using the session, and this from logging people in as someone else.
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.method == "POST" and site != "same-origin":
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
    request.session["email"] = email
    return RedirectResponse("/", 303)


@app.post("/logout")
def logout(request: Request) -> Response:
    request.session.clear()
    return RedirectResponse("/", 303)


@app.get("/api/chat-settings")
def api_chat_settings(request: Request) -> dict[str, str]:
    """Serve single-page apps, which assign the answer to window.pylon.chat_settings."""
    settings = chat_settings(request)
    if settings is None:
        raise HTTPException(401, "Log in first.")
    return settings


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
