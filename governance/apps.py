"""Governance as a Django app: answers the engine's hooks, keeps its triggers in place, and search in step."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class GovernanceConfig(AppConfig):
    name = "governance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance import gates, triggers
        from governance.search import catalogue, records  # noqa: F401 - their kinds enter themselves
        from governance.services import indexing

        gates.register()
        indexing.connect()
        pre_migrate.connect(triggers.stand_aside, sender=self, dispatch_uid="governance.triggers")
        post_migrate.connect(triggers.reinstall, sender=self, dispatch_uid="governance.triggers")
        post_migrate.connect(indexing.after_migrate, sender=self, dispatch_uid="governance.search")
