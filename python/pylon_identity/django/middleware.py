"""The middleware that keeps email hashes and JWTs out of caches."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse  # type: ignore[import-untyped]
from django.utils.deprecation import MiddlewareMixin  # type: ignore[import-untyped]


class NoStoreMiddleware(MiddlewareMixin):  # type: ignore[misc]
    """Sends each response that used chat_settings() with Cache-Control: no-store, private.

    An email hash or a JWT is as good as a login to the chat.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Set the header."""
        if hasattr(request, "_pylon_chat"):
            response.headers["Cache-Control"] = "no-store, private"
        return response
