"""The engine as a Django app. Loads the step kinds and the user's task modules; starts nothing by itself."""

from __future__ import annotations

from django.apps import AppConfig


class OrchestrationConfig(AppConfig):
    name = "orchestration"
    default_auto_field = "django.db.models.BigAutoField"
