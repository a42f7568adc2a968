"""The portal as a Django app: users, tokens, pages, API."""

from __future__ import annotations

import os
from typing import Any

from django.apps import AppConfig
from django.utils import timezone


def _note_sign_in(sender: Any, user: Any, **_: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(last_login=timezone.now())


def _record_sign_ins_without_history() -> None:
    """Django saves the whole user at each sign-in, which would write a history row that says nothing."""
    from django.contrib.auth.models import update_last_login
    from django.contrib.auth.signals import user_logged_in

    user_logged_in.disconnect(update_last_login, dispatch_uid="update_last_login")
    user_logged_in.connect(_note_sign_in, dispatch_uid="portal.note_sign_in")


class PortalConfig(AppConfig):
    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from orchestration.telemetry import tracing
        from portal import logs
        from portal.celery import app  # binds shared tasks to this broker in the web process too

        logs.configure()
        tracing.configure(os.environ)
        _record_sign_ins_without_history()
        app.set_default()
