"""Governance as a Django app: answers the engine's hooks, and keeps its triggers in place."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class GovernanceConfig(AppConfig):
    name = "governance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance import gates, triggers

        gates.register()
        pre_migrate.connect(triggers.stand_aside, sender=self, dispatch_uid="governance.triggers")
        post_migrate.connect(triggers.reinstall, sender=self, dispatch_uid="governance.triggers")
