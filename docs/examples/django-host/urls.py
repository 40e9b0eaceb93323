"""A login form, a way out, and the address that marketplace-sso asks who is signed in."""

import os

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache


@never_cache
def me(request: HttpRequest) -> JsonResponse:
    """Say who is signed in; if nobody is, 401 and no redirect to the login."""
    user = request.user
    if not user.is_authenticated:
        return JsonResponse({"error": "no session"}, status=401)
    return JsonResponse(
        {
            "id": user.pk,
            "email": user.email,
            "name": user.get_full_name(),
            "groups": [group.name for group in user.groups.all()],
        }
    )


login = LoginView.as_view(
    template_name="login.html",
    # Only if the service has a host of its own: where the login may lead back to, besides here.
    success_url_allowed_hosts={os.environ.get("MARKETPLACE_HOST", "")},
)
urlpatterns = [
    path("api/me", me),
    path("login/", login),
    path("logout/", LogoutView.as_view(next_page="/login/")),
]
