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

from governance.gate.commenting import comment
from governance.gate.opening import propose
from governance.gate.subjects import Object
from governance.models import Change, ContractVersion
from orchestration.models import EngineMark, Role
from orchestration.services.governed import save
from orchestration.services.manifests import Document, Signature, apply
from portal.config import ROOT
from portal.management.commands.load_history import MARK
from portal.models import Token, User
from portal.models.token import digest, generate
from portal.permissions import Verb
from portal.services.example_postmortem import load_postmortem

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
        _deprecate()
        call_command("load_documents", str(folder), verbosity=0)
        call_command("load_patterns", verbosity=0)
        past = EngineMark.objects.filter(name=MARK).first()
        for path in sorted((folder / "postmortems").glob("*.md")):
            load_postmortem(path, past.at if past else timezone.now())
        _traffic_token(settings.PLUMBLINE.data_dir / "traffic-token")


def _propose(path: Path) -> None:
    """A breaking version that waits for reviews; once, since what was decided about it stays decided."""
    if ContractVersion.objects.filter(contract__name="payment.receipt", version="4.0.0").exists():
        return
    author = User.objects.filter(memberships__team__name="payments", memberships__role=Role.MAINTAINER).first()
    reason = "The second provider scores a payment after it was captured, so a receipt can come without a risk."
    apply([Document(path.read_text(), path.name)], Signature(author, reason, {"path": "examples/proposals"}))
    _discuss(Change.objects.get(name="payment.receipt", number="4.0.0"))


def _deprecate() -> None:
    """An early version of the order is on its way out; once."""
    version = ContractVersion.objects.get(contract__name="order.placed", version="1.1.0")
    if version.state != ContractVersion.State.ACTIVE:
        return
    author = User.objects.filter(memberships__team__name="checkout", memberships__role=Role.MAINTAINER).first()
    sunset = (timezone.now() + timedelta(days=90)).replace(hour=0, minute=0, second=0, microsecond=0)
    proposal = {"sunset_at": sunset.isoformat(), "successor": "1.2.0"}
    thing = Object("contract.deprecate", "order.placed", "1.1.0", version.contract.owner, version, proposal)
    propose(thing, Signature(author, "1.2.0 takes orders from six countries; the shop has sent it since the spring."))


def _discuss(change: Change) -> None:
    """What the two teams had to say about the open change."""
    finding = next(one for one in change.report["findings"] if one["rule"].startswith("required"))
    asker = User.objects.get(username="checkout-approver")
    question = "When a receipt comes without a risk, who looks at it before we ship? Could it stay required?"
    asked = comment(change=change, person=asker, text=question, finding=finding["fingerprint"])
    answer = "The provider scores after the capture. pending_review says just that: wait with shipping."
    comment(change=change, person=User.objects.get(username="maintainer"), text=answer, parent=asked.pk)


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
