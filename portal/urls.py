"""Every URL: sign-in, API, registry and pages. Owns the order; each face owns its own list."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.urls import include, path

from portal.views.account import SignInView
from portal.views.metrics import metrics

urlpatterns = [
    path("sign-in/", SignInView.as_view(), name="login"),
    path("sign-out/", auth.LogoutView.as_view(), name="logout"),
    path("api/v1/", include("portal.api.urls")),
    path("registry/", include("portal.registry.urls")),
    path("metrics", metrics, name="metrics"),
    path("", include("portal.views.urls")),
]
