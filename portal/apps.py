"""The portal as a Django app: users, tokens, pages, API."""

from __future__ import annotations

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal import logs
        from portal.celery import app  # binds shared tasks to this broker in the web process too

        logs.configure()
        app.set_default()
