"""The pages of the demo."""

from django.urls import path
from views import api_chat_settings, home, log_in, log_out

urlpatterns = [
    path("", home),
    path("login", log_in),
    path("logout", log_out),
    path("api/chat-settings", api_chat_settings),
]
