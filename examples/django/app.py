"""Pylon's chat with verified users, on Django: makes the demo users and serves the pages."""

import os

import uvicorn
from django.contrib.auth import get_user_model
from django.core.asgi import get_asgi_application
from django.core.management import call_command

# Replace them by your own users, who have proved to own their email.
DEMO_USERS = {
    "ada@example.com": "Ada Lovelace",
    "grace@example.com": "Grace Hopper",
    "mallory@example.com": "</script><script>window.pwned=1</script><!--",
}

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
application = get_asgi_application()


def make_demo_users() -> None:
    users = get_user_model().objects
    for email, name in DEMO_USERS.items():
        if not users.filter(username=email).exists():
            users.create_user(email, email, "demo", first_name=name)


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    make_demo_users()
    uvicorn.run(application, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
