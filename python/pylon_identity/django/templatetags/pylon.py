"""{% load pylon %}"""

from __future__ import annotations

from django import template  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured  # type: ignore[import-untyped]

from pylon_identity.django import chat_script

register = template.Library()


@register.simple_tag(takes_context=True)  # type: ignore[untyped-decorator]
def pylon_chat(context: template.Context, nonce: str | None = None) -> str:
    """Put the chat settings of request.user into the page: {% pylon_chat %}.

    Put it before the widget's own script. It takes the nonce of Django's Content-Security-Policy or
    of django-csp. Pass any other as {% pylon_chat nonce=... %}.
    """
    if "request" not in context:
        raise ImproperlyConfigured(
            "{% pylon_chat %} needs the request: render the template with it, and add "
            "'django.template.context_processors.request' to the context_processors in TEMPLATES."
        )
    return chat_script(context["request"], nonce)
