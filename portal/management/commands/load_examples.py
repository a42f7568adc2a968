"""`manage.py load_examples`: the example company, once. Applying again changes nothing that is there."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from governance.models import ContractVersion
from orchestration.models import Role
from orchestration.services.governed import save
from orchestration.services.manifests import Document, Signature, apply
from portal.config import ROOT
from portal.models import Token, User
from portal.models.token import digest, generate
from portal.permissions import Verb

REASON = "The example company, loaded at the first start."


class Command(BaseCommand):
    """Load manifests, people, documents and the token of the example traffic."""

    help = "Load the example company (embedded mode only); safe to run again."

    def handle(self, *_: Any, **__: Any) -> None:
        """Idempotent."""
        if not settings.PLUMBLINE.embedded:
            raise CommandError("the examples have known sign-ins and are for the embedded mode only")
        folder = ROOT / "examples"
        manifests = sorted((folder / "manifests").glob("**/*.yaml"))
        documents = [Document(path.read_text(), path.name) for path in manifests]
        apply(documents, Signature(None, REASON, {"path": "examples/manifests"}))
        call_command("load_example_people", verbosity=0)
        _propose(folder / "proposals" / "payment-receipt-4.yaml")
        call_command("load_documents", str(folder), verbosity=0)
        _traffic_token(settings.PLUMBLINE.data_dir / "traffic-token")


def _propose(path: Path) -> None:
    """A breaking version that waits for reviews; once, since what was decided about it stays decided."""
    if ContractVersion.objects.filter(contract__name="payment.receipt", version="4.0.0").exists():
        return
    author = User.objects.filter(memberships__team__name="payments", memberships__role=Role.MAINTAINER).first()
    reason = "The second provider scores a payment after it was captured, so a receipt can come without a risk."
    apply([Document(path.read_text(), path.name)], Signature(author, reason, {"path": "examples/proposals"}))


def _traffic_token(path: Path) -> None:
    """A token of the example admin that can start runs and nothing else; kept in a file that only we can read."""
    known = Token.objects.filter(name="example traffic", revoked_at=None, expires_at__gt=timezone.now()).first()
    if known is not None and path.exists():
        return
    secret = generate()
    owner = User.objects.get(username="admin")
    token = Token(
        user=owner, name="example traffic", hash=digest(secret), hint=secret[:8], verbs=[Verb.OPERATE],
        expires_at=timezone.now() + timedelta(days=365),
    )  # fmt: skip
    save(token, actor=None, reason=REASON)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
