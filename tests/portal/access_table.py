"""Who may call what: every route of the product with a request that reaches its permission.

`rule` is a Verb, or one of: public (nobody signs in), signed-in (everyone who does), own (one's own things only), maintainer
or operator of any team (so the stranger may), and maintain or review (either verb).
A body is what the route needs before it can know which team is meant.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from typing import Any

from governance.decisions.archive import write_zip
from portal.permissions import Verb

PUBLIC, SIGNED_IN, OWN = "public", "signed-in", "own"
OF_ANY_TEAM, MAINTAIN_OR_REVIEW = "maintainer of any team", "maintain or review"
OPERATOR_OF_ANY = "operator of any team"
REASON = {"reason": "a test"}
RERUN = {"step": "a", "version": "original", "key": "k", **REASON}
FORCE = {"state": "metrics_only", "hours": "1", **REASON}
BALLOT = {"team": "checkout", "vote": "approve", "seen": "change-hash", **REASON}
NEW_CONTRACT = {
    "name": "brand.new", "version": "1.0.0", "owner": "checkout", "policy": "tolerant", "schema": "{}", "propose": "1", **REASON,
}  # fmt: skip


def zipped(files: dict[str, str]) -> str:
    held = io.BytesIO()
    write_zip(((path, text.encode()) for path, text in files.items()), held)
    return base64.urlsafe_b64encode(held.getvalue()).decode()


@dataclass(frozen=True)
class Entry:
    method: str
    route: str
    rule: Verb | str
    args: tuple[str, ...] = ()
    body: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    content_type: str = "application/json"
    #: Verbs that are needed beside the rule's.
    also: tuple[Verb, ...] = ()


class Picture:
    """A file to upload, as often as one likes."""

    name = "a.png"

    def read(self, *_: int) -> bytes:
        return b"\x89PNG\r\n\x1a\n"


DECISION = {"title": "T", "owner": "checkout", "body": "text", "status": "draft", "date": "2026-01-02", **REASON}
#: An archive with one record, as the import's page carries it.
ZIP = zipped({"0009-x.md": "# X\n"})
IMPORT = {"folder": "adr", "owner": "checkout", "files": {"0009-x.md": "# X\n"}, **REASON}
RUNBOOK = {"title": "T", "slug": "new-one", "owner": "checkout", "body": "text", "status": "active", **REASON}
POSTMORTEM = {
    "title": "T", "owner": "checkout", "body": "text", "status": "draft", "severity": "minor",
    "began_at": "2026-01-02T10:00Z", "ended_at": "2026-01-02T11:00Z", **REASON,
}  # fmt: skip
PATTERN = {"title": "T", "slug": "dead-letter", "owner": "checkout", "body": "text", "status": "active", **REASON}
ACTION = {"text": "Do it", "owner": "checkout", "due": "2099-01-02", "check": "confirmed"}
BULK = {
    "kind": "pattern", "field": "status", "value": "draft", "items": [{"name": "outbox", "revision": 2}], "dry_run": True, **REASON,
}  # fmt: skip
RANGE = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-01-02T00:00:00Z"}
FORM_RANGE = {
    "starts_at": "2026-01-01T00:00",
    "ends_at": "2026-01-02T00:00",
    "order": "oldest_first",
    "max_parallel": "1",
}
MANIFEST = """apiVersion: plumbline/v1
kind: Workflow
metadata: {name: demo, version: 2.0.0, owner: checkout}
spec: {steps: {a: {value: 1}}}
"""
DOCUMENTS = {"documents": [{"source": "a.yaml", "text": MANIFEST}]}
OBJECTIVE = {
    "name": "new.success", "owner": "checkout", "workflow": "demo", "indicator": "success", "target": "0.99", "page": False,
    **REASON,
}  # fmt: skip
SLO = """apiVersion: openslo/v1
kind: SLO
metadata: {name: imported, annotations: {plumbline/owner: checkout}}
spec:
  service: demo
  indicator: {spec: {ratioMetric: {total: {metricSource: {type: plumbline, spec: {workflow: demo}}}}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  objectives: [{target: 0.99}]
"""
#: Of an objective that was changed once.
FIRST = ("objective", "demo.success")
EVENT = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.paid"}
WORD = {"decision": "approve", "comment": "a test"}
API = [
    Entry("GET", "events", SIGNED_IN),
    Entry("POST", "events", OPERATOR_OF_ANY, body=EVENT, content_type="application/cloudevents+json"),
    Entry("GET", "events/<int:number>", SIGNED_IN, ("event",)),
    Entry("POST", "runs/<uuid:run_id>/signals", Verb.OPERATE, ("open",), {"name": "order.paid"}),
    Entry("GET", "approvals", SIGNED_IN),
    Entry("GET", "approvals/<int:number>", SIGNED_IN, ("approval",)),
    Entry("POST", "approvals/<int:number>/decide", Verb.REVIEW, ("approval",), WORD),
    Entry("GET", "history/<slug:kind>/<str:key>", SIGNED_IN, FIRST),
    Entry(
        "POST",
        "history/<slug:kind>/<str:key>/restore",
        Verb.MAINTAIN,
        FIRST,
        {"id": "objective-first", "seen": "objective-seen", **REASON},
    ),
    Entry("GET", "search", SIGNED_IN, query="?q=demo"),
    Entry("GET", "objectives", SIGNED_IN),
    Entry("POST", "objectives", Verb.MAINTAIN, body=OBJECTIVE),
    Entry("GET", "objectives/<str:name>", SIGNED_IN, ("demo.success",)),
    Entry("PATCH", "objectives/<str:name>", Verb.MAINTAIN, ("demo.success",), {"target": "0.995", **REASON}),
    Entry("POST", "objectives/<str:name>/retire", Verb.MAINTAIN, ("demo.success",), REASON),
    Entry(
        "POST",
        "objectives/<str:name>/silence",
        Verb.OPERATE,
        ("demo.success",),
        {"ends_at": "tomorrow-moment", **REASON},
    ),
    Entry("POST", "silences/<int:number>/end", Verb.OPERATE, ("silence",), REASON),
    Entry("GET", "runbooks/export", SIGNED_IN),
    Entry(
        "POST",
        "runbooks/import",
        SIGNED_IN,
        body={"files": [{"path": "a.md", "text": "x"}], "owner": "checkout", **REASON},
    ),
    Entry("GET", "schedules", SIGNED_IN),
    Entry("GET", "schedules/<slug:name>", SIGNED_IN, ("nightly",)),
    Entry("POST", "schedules/<slug:name>/pause", Verb.OPERATE, ("nightly",), REASON),
    Entry("POST", "schedules/<slug:name>/resume", Verb.OPERATE, ("paused",), REASON),
    Entry("POST", "schedules/<slug:name>/backfills", Verb.OPERATE, ("nightly",), {**RANGE, **REASON}),
    Entry("POST", "schedules/<slug:name>/backfills/preview", SIGNED_IN, ("nightly",), RANGE),
    Entry("POST", "schedules/<slug:name>/backfills/<int:number>/cancel", Verb.OPERATE, ("nightly", "backfill"), REASON),
    Entry("GET", "triggers", SIGNED_IN),
    Entry("GET", "triggers/<slug:name>", SIGNED_IN, ("on-order",)),
    Entry("POST", "triggers/<slug:name>/pause", Verb.OPERATE, ("on-order",), REASON),
    Entry("POST", "triggers/<slug:name>/resume", Verb.OPERATE, ("paused-too",), REASON),
    Entry("GET", "openslo", SIGNED_IN),
    Entry("POST", "openslo", SIGNED_IN, body={"documents": [{"source": "a.yaml", "text": SLO}], **REASON}),
    Entry("GET", "alerts", SIGNED_IN),
    Entry("GET", "alerts/<int:number>", SIGNED_IN, ("alert",)),
    Entry("POST", "alerts/<int:number>/acknowledge", Verb.OPERATE, ("alert",), REASON),
    Entry("POST", "alerts/<int:number>/resolve", Verb.OPERATE, ("alert",), REASON),
    Entry("GET", "contracts", SIGNED_IN),
    Entry("GET", "contracts/<str:name>", SIGNED_IN, ("order.placed",)),
    Entry("GET", "contracts/<str:name>/versions/<str:version>", SIGNED_IN, ("order.placed", "1.0.0")),
    Entry(
        "POST",
        "contracts/check",
        SIGNED_IN,
        body={"name": "order.placed", "version": "3.0.0", "owner": "checkout", "document": {}},
    ),
    Entry("GET", "changes", SIGNED_IN),
    Entry("GET", "changes/<int:number>", SIGNED_IN, ("change",)),
    Entry("POST", "changes/<int:number>/reviews", Verb.REVIEW, ("change",), BALLOT),
    Entry("POST", "changes/<int:number>/comments", SIGNED_IN, ("change",), {"text": "why?"}),
    Entry("POST", "changes/<int:number>/withdraw", Verb.MAINTAIN, ("change",), REASON),
    Entry("POST", "changes/<int:number>/schedule", Verb.MAINTAIN, ("change",), {"rollout": "by_hand", **REASON}),
    Entry("POST", "changes/<int:number>/apply", Verb.MAINTAIN, ("approved",), REASON),
    Entry(
        "POST",
        "contracts/<str:name>/versions/<str:version>/deprecate",
        Verb.MAINTAIN,
        ("other.thing", "1.0.0"),
        {"sunset_at": "2099-01-01T00:00:00Z", "successor": "1.1.0", **REASON},
    ),
    Entry(
        "POST", "contracts/<str:name>/versions/<str:version>/retire", Verb.MAINTAIN, ("other.thing", "1.0.0"), REASON
    ),
    Entry(
        "POST",
        "ownership",
        OF_ANY_TEAM,
        body={"documents": [{"text": "* @a/b", "source": "a"}], "dry_run": True, **REASON},
    ),
    Entry(
        "POST",
        "odcs",
        Verb.MAINTAIN,
        body={"documents": [{"text": "a: 1", "source": "a.yaml"}], "owner": "checkout", **REASON},
    ),
    Entry(
        "POST",
        "apis",
        Verb.MAINTAIN,
        body={"documents": [{"text": "a: 1", "source": "a.yaml"}], "owner": "checkout", **REASON},
    ),
    Entry("GET", "contracts/<str:name>/versions/<str:version>/odcs", SIGNED_IN, ("order.placed", "1.0.0")),
    Entry("GET", "contracts/<str:name>/versions/<str:version>/operations", SIGNED_IN, ("shop-api", "1.0.0")),
    Entry("GET", "contracts/<str:name>/versions/<str:version>/verifications", SIGNED_IN, ("order.placed", "1.0.0")),
    Entry(
        "POST",
        "contracts/<str:name>/versions/<str:version>/verifications",
        OF_ANY_TEAM,
        ("order.placed", "1.0.0"),
        {"role": "provider", "participant": "shop", "commit": "c0ffee", "passed": True},
    ),
    Entry("GET", "workflows/<slug:name>/versions/<str:version>/can-deploy", SIGNED_IN, ("demo", "1.0.0")),
    Entry(
        "POST",
        "workflows/<slug:name>/versions/<str:version>/deprecate",
        Verb.MAINTAIN,
        ("ended", "1.0.0"),
        {"sunset_at": "2099-01-01T00:00:00Z", "successor": "1.1.0", **REASON},
    ),
    Entry("POST", "workflows/<slug:name>/versions/<str:version>/retire", Verb.MAINTAIN, ("ended", "1.0.0"), REASON),
    Entry("GET", "audit", SIGNED_IN),
    Entry("GET", "runs", SIGNED_IN),
    Entry("POST", "runs", Verb.OPERATE, body={"workflow": "demo", "input": {}}),
    Entry("GET", "runs/<uuid:run_id>", SIGNED_IN, ("failed",)),
    Entry("POST", "runs/<uuid:run_id>/cancel", Verb.OPERATE, ("open",), REASON),
    Entry("POST", "runs/<uuid:run_id>/terminate", Verb.OPERATE, ("open",), REASON),
    Entry("POST", "runs/<uuid:run_id>/retry", Verb.OPERATE, ("failed",)),
    Entry("POST", "runs/<uuid:run_id>/pause", Verb.OPERATE, ("open",), REASON),
    Entry("POST", "runs/<uuid:run_id>/resume", Verb.OPERATE, ("paused-run",), REASON),
    Entry("POST", "runs/<uuid:run_id>/rerun", Verb.OPERATE, ("failed",), {"from_step": "a", **REASON}),
    Entry("POST", "runs/<uuid:run_id>/rerun/preview", Verb.OPERATE, ("failed",), {"from_step": "a"}),
    Entry(
        "POST",
        "runs/<uuid:run_id>/edit-and-retry",
        Verb.OPERATE,
        ("failed",),
        {"input": {"a": 1}, **REASON},
        also=(Verb.SEE_PAYLOADS,),
    ),
    Entry("POST", "runs/<uuid:run_id>/compensation/resume", Verb.OPERATE, ("halves",), REASON),
    Entry("POST", "runs/<uuid:run_id>/compensation/skip", Verb.OPERATE, ("halves",), {"step": "a", **REASON}),
    Entry("POST", "bulk-retries", OPERATOR_OF_ANY, body={"status": "finished", "key": "k", "dry_run": True, **REASON}),
    Entry("GET", "bulk-retries/<int:number>", SIGNED_IN, ("bulk-retry",)),
    Entry("POST", "bulk-retries/<int:number>/cancel", Verb.ADMINISTER, ("bulk-retry",), REASON),
    Entry("POST", "runs/<uuid:run_id>/priority", Verb.OPERATE, ("queued",), {"priority": 5}),
    Entry("GET", "queue", SIGNED_IN),
    Entry("GET", "workflows", SIGNED_IN),
    Entry("POST", "workflows/<slug:name>/pause", Verb.OPERATE, ("demo",), REASON),
    Entry("POST", "workflows/<slug:name>/resume", Verb.OPERATE, ("halted",), REASON),
    Entry("GET", "workflows/<slug:name>", SIGNED_IN, ("demo",)),
    Entry("GET", "workflows/<slug:name>/versions", SIGNED_IN, ("demo",)),
    Entry("GET", "workflows/<slug:name>/versions/<str:version>", SIGNED_IN, ("demo", "1.0.0")),
    Entry("GET", "workflows/<slug:name>/versions/<str:version>/manifest", SIGNED_IN, ("demo", "1.0.0")),
    Entry("GET", "workflows/<slug:name>/diff", SIGNED_IN, ("demo",), query="?from=1.0.0"),
    Entry("GET", "workflows/<slug:name>/graph", SIGNED_IN, ("demo",)),
    Entry("POST", "manifests/validate", SIGNED_IN, body=DOCUMENTS),
    Entry("POST", "manifests/plan", SIGNED_IN, body=DOCUMENTS),
    Entry("POST", "manifests/apply", Verb.MAINTAIN, body={**DOCUMENTS, **REASON}),
    Entry("GET", "manifest-schema", SIGNED_IN),
    Entry("GET", "dependencies", SIGNED_IN),
    Entry("GET", "dependencies/<slug:name>", SIGNED_IN, ("payments",)),
    Entry("GET", "dependencies/<slug:name>/breaker", SIGNED_IN, ("payments",)),
    Entry(
        "POST",
        "dependencies/<slug:name>/breaker",
        Verb.SWITCH,
        ("payments",),
        {"state": "metrics_only", "expires_at": "in a day", **REASON},
    ),
    Entry("POST", "dependencies/<slug:name>/pause", Verb.SWITCH, ("payments",), {"expires_at": "in a day", **REASON}),
    Entry("POST", "dependencies/<slug:name>/resume", Verb.SWITCH, ("held",), REASON),
    Entry("GET", "flags", SIGNED_IN),
    Entry("GET", "flags/<slug:name>", SIGNED_IN, ("extras",)),
    Entry(
        "POST",
        "flags/<slug:name>/switch",
        Verb.SWITCH,
        ("extras",),
        {"to": "off", "revision": "flag-revision", **REASON},
    ),
    Entry("GET", "exports/prometheus", SIGNED_IN),
    Entry("GET", "exports/grafana", SIGNED_IN),
    Entry("POST", "bulk", SIGNED_IN, body=BULK),
    Entry("GET", "bulk/<int:number>", SIGNED_IN, ("bulk",)),
    Entry("GET", "decisions", SIGNED_IN),
    Entry("POST", "decisions", Verb.MAINTAIN, body=DECISION),
    Entry("POST", "decisions/import", Verb.MAINTAIN, body=IMPORT),
    Entry("GET", "decisions/export", SIGNED_IN),
    Entry("GET", "decisions/<int:number>", SIGNED_IN, ("1",)),
    Entry("PUT", "decisions/<int:number>", Verb.MAINTAIN, ("1",), {**DECISION, "revision": 2}),
    Entry("GET", "decisions/<int:number>/history", SIGNED_IN, ("1",)),
    Entry(
        "POST",
        "decisions/<int:number>/relations",
        Verb.MAINTAIN,
        ("1",),
        {"add": [{"kind": "relates", "number": 2}], "revision": 2, **REASON},
    ),
    Entry(
        "POST", "decisions/<int:number>/restore", Verb.MAINTAIN, ("1",), {"history_id": "decision-history", **REASON}
    ),
    Entry("GET", "postmortems", SIGNED_IN),
    Entry("POST", "postmortems", Verb.MAINTAIN, body=POSTMORTEM),
    Entry("GET", "postmortems/<int:number>", SIGNED_IN, ("1",)),
    Entry("PUT", "postmortems/<int:number>", Verb.MAINTAIN, ("1",), {**POSTMORTEM, "revision": 2}),
    Entry("GET", "postmortems/<int:number>/history", SIGNED_IN, ("1",)),
    Entry(
        "POST",
        "postmortems/<int:number>/restore",
        Verb.MAINTAIN,
        ("1",),
        {"history_id": "postmortem-history", **REASON},
    ),
    Entry("GET", "exercises", SIGNED_IN),
    Entry("GET", "exercises/<int:number>", SIGNED_IN, ("exercise",)),
    Entry("POST", "exercises/<int:number>/steps/<int:position>", Verb.OPERATE, ("exercise", "1"), {"what": "done"}),
    Entry(
        "POST", "exercises/<int:number>/steps/<int:position>/action", Verb.OPERATE, ("exercise", "1"), {"attempt": 1}
    ),
    Entry("POST", "exercises/<int:number>/hand-over", Verb.OPERATE, ("exercise",), {"to": "second-admin"}),
    Entry("POST", "exercises/<int:number>/end", Verb.OPERATE, ("exercise",), {"state": "completed", "summary": "well"}),
    Entry("POST", "runbooks/<slug:slug>/exercises", Verb.OPERATE, ("stuck",)),
    Entry("GET", "patterns", SIGNED_IN),
    Entry("POST", "patterns", Verb.MAINTAIN, body=PATTERN),
    Entry("GET", "patterns/<slug:slug>", SIGNED_IN, ("outbox",)),
    Entry(
        "PUT",
        "patterns/<slug:slug>",
        Verb.MAINTAIN,
        ("outbox",),
        {**{name: value for name, value in PATTERN.items() if name != "slug"}, "revision": 2},
    ),
    Entry("GET", "patterns/<slug:slug>/history", SIGNED_IN, ("outbox",)),
    Entry(
        "POST", "patterns/<slug:slug>/restore", Verb.MAINTAIN, ("outbox",), {"history_id": "pattern-history", **REASON}
    ),
    Entry("GET", "runbooks", SIGNED_IN),
    Entry("POST", "runbooks", Verb.MAINTAIN, body=RUNBOOK),
    Entry("GET", "runbooks/<slug:slug>", SIGNED_IN, ("stuck",)),
    Entry(
        "PUT",
        "runbooks/<slug:slug>",
        Verb.MAINTAIN,
        ("stuck",),
        {key: value for key, value in RUNBOOK.items() if key != "slug"} | {"revision": 2},
    ),
    Entry("GET", "runbooks/<slug:slug>/history", SIGNED_IN, ("stuck",)),
    Entry(
        "POST", "runbooks/<slug:slug>/restore", Verb.MAINTAIN, ("stuck",), {"history_id": "runbook-history", **REASON}
    ),
    Entry("GET", "teams", SIGNED_IN),
    Entry("GET", "teams/<slug:name>", SIGNED_IN, ("checkout",)),
    Entry("GET", "webhook-deliveries", OWN),
    Entry("POST", "webhook-deliveries/<int:delivery_id>/resend", Verb.ADMINISTER, ("webhook-delivery",)),
    Entry("GET", "tokens", OWN),
    Entry("POST", "tokens", OWN, body={"name": "t", "verbs": [], "expires_in_days": 1}),
    Entry("DELETE", "tokens/<int:token_id>", OWN, ("own-token",)),
    Entry("GET", "openapi.json", SIGNED_IN),
    Entry("GET", "docs/", SIGNED_IN),
]
PAGES = [
    Entry("GET", "schedules/", SIGNED_IN),
    Entry("GET", "schedules/<str:name>/", SIGNED_IN, ("nightly",)),
    Entry("POST", "schedules/<str:name>/pause/", Verb.OPERATE, ("nightly",), REASON),
    Entry("POST", "schedules/<str:name>/resume/", Verb.OPERATE, ("paused",), REASON),
    Entry(
        "POST", "schedules/<str:name>/backfill/", Verb.OPERATE, ("nightly",), {**FORM_RANGE, "do": "preview", **REASON}
    ),
    Entry("POST", "schedules/<str:name>/backfills/<int:number>/cancel/", Verb.OPERATE, ("nightly", "backfill"), REASON),
    Entry("GET", "triggers/<str:name>/", SIGNED_IN, ("on-order",)),
    Entry("POST", "triggers/<str:name>/pause/", Verb.OPERATE, ("on-order",), REASON),
    Entry("POST", "triggers/<str:name>/resume/", Verb.OPERATE, ("paused-too",), REASON),
    Entry("GET", "objectives/", SIGNED_IN),
    Entry("POST", "objectives/new/", Verb.MAINTAIN, body={**OBJECTIVE, "target": "99", "window_days": 28, "page": ""}),
    Entry("GET", "objectives/openslo/", SIGNED_IN),
    Entry("GET", "objectives/<str:name>/", SIGNED_IN, ("demo.success",)),
    Entry("GET", "objectives/<str:name>/edit/", Verb.MAINTAIN, ("demo.success",)),
    Entry("POST", "objectives/<str:name>/retire/", Verb.MAINTAIN, ("demo.success",), REASON),
    Entry("POST", "objectives/<str:name>/silence/", Verb.OPERATE, ("demo.success",), {"length": "1h", **REASON}),
    Entry("POST", "silences/<int:number>/end/", Verb.OPERATE, ("silence",), REASON),
    Entry("GET", "alerts/", SIGNED_IN),
    Entry("GET", "alerts/<int:number>/", SIGNED_IN, ("alert",)),
    Entry("POST", "alerts/<int:number>/acknowledge/", Verb.OPERATE, ("alert",), REASON),
    Entry("POST", "alerts/<int:number>/resolve/", Verb.OPERATE, ("alert",), REASON),
    Entry("POST", "alerts/<int:number>/silence/", Verb.OPERATE, ("alert",), {"length": "1h", **REASON}),
    Entry("GET", "workflows/<str:name>/budgets/", SIGNED_IN, ("demo",)),
    Entry("GET", "contracts/", SIGNED_IN),
    Entry("POST", "contracts/new/", Verb.MAINTAIN, body=NEW_CONTRACT),
    Entry("GET", "contracts/<str:name>/", SIGNED_IN, ("order.placed",)),
    Entry("GET", "contracts/<str:name>/<str:version>/odcs/", SIGNED_IN, ("order.placed", "1.0.0")),
    Entry("GET", "contracts/<str:name>/<str:version>/document/", SIGNED_IN, ("order.placed", "1.0.0")),
    Entry("GET", "contracts/<str:name>/propose/", Verb.MAINTAIN, ("order.placed",)),
    Entry(
        "POST",
        "contracts/<str:name>/<str:number>/deprecate/",
        Verb.MAINTAIN,
        ("other.thing", "1.0.0"),
        {"sunset": "2099-01-01", "successor": "1.1.0", **REASON},
    ),
    Entry("POST", "contracts/<str:name>/<str:number>/retire/", Verb.MAINTAIN, ("other.thing", "1.0.0"), REASON),
    Entry(
        "POST",
        "workflows/<str:name>/<str:number>/deprecate/",
        Verb.MAINTAIN,
        ("ended", "1.0.0"),
        {"sunset": "2099-01-01", "successor": "1.1.0", **REASON},
    ),
    Entry("POST", "workflows/<str:name>/<str:number>/retire/", Verb.MAINTAIN, ("ended", "1.0.0"), REASON),
    Entry("POST", "changes/<int:number>/comment/", SIGNED_IN, ("change",), {"text": "why?"}),
    Entry(
        "POST",
        "changes/<int:number>/waive/",
        Verb.REVIEW,
        ("change",),
        {"team": "checkout", "finding": "change-finding", "until": "tomorrow", "seen": "change-hash", **REASON},
    ),
    Entry("POST", "changes/<int:number>/end-waiver/", Verb.REVIEW, ("change",), {"waiver": "waiver", **REASON}),
    Entry("POST", "changes/<int:number>/schedule/", Verb.MAINTAIN, ("change",), {"rollout": "by_hand", **REASON}),
    Entry("POST", "changes/<int:number>/apply/", Verb.MAINTAIN, ("approved",), REASON),
    Entry(
        "POST",
        "changes/<int:number>/ask-glass/",
        MAINTAIN_OR_REVIEW,
        ("change",),
        {"until": "tomorrow", "seen": "change-hash", **REASON},
    ),
    Entry("POST", "changes/<int:number>/break-glass/", Verb.REVIEW, ("smashed",), {"seen": "smashed-hash", **REASON}),
    Entry("GET", "changes/", SIGNED_IN),
    Entry("GET", "changes/policies/", SIGNED_IN),
    Entry("GET", "changes/<int:number>/", SIGNED_IN, ("change",)),
    Entry(
        "POST",
        "changes/<int:number>/review/",
        Verb.REVIEW,
        ("change",),
        BALLOT,
    ),
    Entry("POST", "changes/<int:number>/withdraw/", Verb.MAINTAIN, ("change",), REASON),
    Entry("GET", "history/<slug:kind>/<str:key>/", SIGNED_IN, FIRST),
    Entry(
        "POST",
        "history/<slug:kind>/<str:key>/restore/",
        Verb.MAINTAIN,
        FIRST,
        {"revision": "objective-first", "seen": "objective-seen", **REASON},
    ),
    Entry("GET", "audit/", SIGNED_IN),
    Entry("GET", "audit/export.csv", SIGNED_IN),
    Entry("GET", "audit/export.jsonl", SIGNED_IN),
    Entry("GET", "metrics", SIGNED_IN),
    Entry("GET", "sign-in/", PUBLIC),
    Entry("POST", "sign-out/", PUBLIC),
    Entry("GET", "", SIGNED_IN),
    Entry("GET", "dashboards/runs-and-errors/", SIGNED_IN),
    Entry("GET", "events/", SIGNED_IN),
    Entry("GET", "events/<int:number>/", SIGNED_IN, ("event",)),
    Entry("GET", "approvals/", SIGNED_IN),
    Entry("GET", "approvals/<int:number>/", SIGNED_IN, ("approval",)),
    Entry("POST", "approvals/<int:number>/decide/", Verb.REVIEW, ("approval",), WORD),
    Entry("POST", "runs/<uuid:run_id>/signal/", Verb.OPERATE, ("open",), {"name": "order.paid", "data": "{}"}),
    Entry("GET", "runs/", SIGNED_IN),
    Entry("GET", "runs/<uuid:run_id>/", SIGNED_IN, ("failed",)),
    Entry("GET", "runs/<uuid:run_id>/steps/<str:name>/", SIGNED_IN, ("failed", "a")),
    Entry("POST", "runs/<uuid:run_id>/cancel/", Verb.OPERATE, ("open",), REASON),
    Entry("POST", "runs/<uuid:run_id>/terminate/", Verb.OPERATE, ("open",), REASON),
    Entry("POST", "runs/<uuid:run_id>/retry/", Verb.OPERATE, ("failed",)),
    Entry("POST", "runs/<uuid:run_id>/pause/", Verb.OPERATE, ("open",), REASON),
    Entry("POST", "runs/<uuid:run_id>/resume/", Verb.OPERATE, ("paused-run",), REASON),
    Entry("POST", "runs/<uuid:run_id>/resume-compensation/", Verb.OPERATE, ("halves",), REASON),
    Entry("POST", "runs/<uuid:run_id>/skip-compensation/", Verb.OPERATE, ("halves",), REASON),
    Entry("GET", "runs/<uuid:run_id>/rerun/", Verb.OPERATE, ("failed",)),
    Entry("POST", "runs/<uuid:run_id>/rerun/", Verb.OPERATE, ("failed",), RERUN),
    Entry("GET", "runs/<uuid:run_id>/edit-and-retry/", Verb.OPERATE, ("failed",)),
    Entry("POST", "runs/<uuid:run_id>/edit-and-retry/", Verb.OPERATE, ("failed",), {"input": "{}", **REASON}),
    Entry("GET", "runs/bulk-retry/", OPERATOR_OF_ANY),
    Entry("GET", "runs/bulk-retry/<int:number>/", SIGNED_IN, ("bulk-retry",)),
    Entry("POST", "runs/bulk-retry/<int:number>/cancel/", Verb.ADMINISTER, ("bulk-retry",), REASON),
    Entry("GET", "workflows/<str:name>/pause/", Verb.OPERATE, ("demo",)),
    Entry("POST", "workflows/<str:name>/pause/", Verb.OPERATE, ("demo",), REASON),
    Entry("POST", "runs/<uuid:run_id>/priority/", Verb.OPERATE, ("queued",), {"priority": 5}),
    Entry("GET", "queue/", SIGNED_IN),
    Entry("GET", "workflows/", SIGNED_IN),
    Entry(
        "POST", "workflows/apply/", Verb.MAINTAIN, body={"text": MANIFEST, "source": "a.yaml", "apply": "1", **REASON}
    ),
    Entry("GET", "workflows/<str:name>/", SIGNED_IN, ("demo",)),
    Entry("POST", "workflows/<str:name>/start/", Verb.OPERATE, ("demo",), {"input": "{}", "key": "k"}, "?as=json"),
    Entry("GET", "workflows/<str:name>/dependencies/", SIGNED_IN, ("demo",)),
    Entry("GET", "workflows/<str:name>/decisions/", SIGNED_IN, ("demo",)),
    Entry("GET", "workflows/<str:name>/runbooks/", SIGNED_IN, ("demo",)),
    Entry("GET", "workflows/<str:name>/versions/", SIGNED_IN, ("demo",)),
    Entry("GET", "workflows/<str:name>/history/", SIGNED_IN, ("demo",)),
    Entry("GET", "workflows/<str:name>/versions/<str:version>/manifest/", SIGNED_IN, ("demo", "1.0.0")),
    Entry("GET", "workflows/<str:name>/diff/", SIGNED_IN, ("demo",), query="?from=1.0.0&to=1.0.0"),
    Entry("GET", "dependencies/", SIGNED_IN),
    Entry("GET", "dependencies/map/", SIGNED_IN),
    Entry("GET", "dependencies/<str:name>/", SIGNED_IN, ("payments",)),
    Entry("GET", "flags/", SIGNED_IN),
    Entry("GET", "flags/<str:name>/", SIGNED_IN, ("extras",)),
    Entry("POST", "flags/<str:name>/", Verb.SWITCH, ("extras",), {"to": "off", "seen": "flag-revision", **REASON}),
    Entry("GET", "dependencies/<str:name>/breaker/", SIGNED_IN, ("payments",)),
    Entry("POST", "dependencies/<str:name>/breaker/", Verb.SWITCH, ("payments",), FORCE),
    Entry(
        "POST",
        "dependencies/<str:name>/review/",
        Verb.REVIEW,
        ("payments",),
        {"findings": "all is well", "seen": ""},
        "?area=security",
    ),
    Entry("GET", "dependencies/<str:name>/health/", SIGNED_IN, ("payments",)),
    Entry("GET", "explore/", SIGNED_IN),
    Entry("GET", "explore/data.csv", SIGNED_IN),
    Entry("GET", "workflows/<str:name>/performance/", SIGNED_IN, ("demo",)),
    Entry("GET", "workflows/<str:name>/observed/", SIGNED_IN, ("demo",)),
    Entry("GET", "account/", SIGNED_IN),
    Entry("POST", "account/theme/", PUBLIC, body={"theme": "dark"}),
    Entry("GET", "account/password/", SIGNED_IN),
    Entry("GET", "account/password/done/", SIGNED_IN),
    Entry("GET", "account/set-password/<uidb64>/<token>/", PUBLIC, ("MQ", "x")),
    Entry("GET", "account/delegations/new/", SIGNED_IN),
    Entry("POST", "account/delegations/<int:number>/end/", OWN, ("own-delegation",), REASON),
    Entry("GET", "account/tokens/new/", SIGNED_IN),
    Entry("POST", "account/tokens/<int:token_id>/revoke/", OWN, ("own-token",), REASON),
    Entry("GET", "admin/users/", Verb.ADMINISTER),
    Entry("POST", "admin/new-user/", Verb.ADMINISTER, body={"username": "new", **REASON}),
    Entry("GET", "admin/users/<int:user_id>/", Verb.ADMINISTER, ("victim",)),
    Entry(
        "POST",
        "admin/users/<int:user_id>/roles/new/",
        Verb.ADMINISTER,
        ("victim",),
        {"team": "checkout", "role": "operator", **REASON},
    ),
    Entry("POST", "admin/users/<int:user_id>/<slug:name>/", Verb.ADMINISTER, ("victim", "deactivate"), REASON),
    Entry("POST", "admin/roles/<int:membership_id>/remove/", Verb.ADMINISTER, ("membership",), REASON),
    Entry("POST", "admin/tokens/<int:token_id>/revoke/", Verb.ADMINISTER, ("victim-token",), REASON),
    Entry("GET", "admin/teams/", Verb.ADMINISTER),
    Entry("POST", "admin/new-team/", Verb.ADMINISTER, body={"name": "new", **REASON}),
    Entry("GET", "admin/teams/<slug:name>/", Verb.ADMINISTER, ("checkout",)),
    Entry("POST", "admin/teams/<slug:name>/edit/", Verb.ADMINISTER, ("checkout",), {"description": "d", **REASON}),
    Entry(
        "POST",
        "admin/teams/<slug:name>/members/new/",
        Verb.ADMINISTER,
        ("checkout",),
        {"user": "somebody", "role": "operator", **REASON},
    ),
    Entry("POST", "admin/webhook-deliveries/<int:delivery_id>/resend/", Verb.ADMINISTER, ("webhook-delivery",)),
    Entry("GET", "search/", SIGNED_IN, query="?q=demo"),
    Entry("GET", "palette/", SIGNED_IN, query="?q=demo"),
    Entry("GET", "inbox/", OWN),
    Entry("GET", "inbox/count/", OWN),
    Entry("POST", "inbox/mark/", OWN, body={"key": "decision:1:1"}),
    Entry("POST", "inbox/mark-all/", OWN),
    Entry("GET", "account/notifications/", OWN),
    Entry(
        "POST",
        "views/new/",
        Verb.OPERATE,
        body={"page": "runs", "query": "result=failed", "name": "V", "team": "checkout"},
    ),
    Entry("POST", "views/<int:number>/edit/", Verb.OPERATE, ("saved-view",), {"name": "W"}),
    Entry("POST", "views/<int:number>/delete/", Verb.OPERATE, ("saved-view",)),
    Entry("GET", "decisions/", SIGNED_IN),
    Entry("GET", "decisions/timeline/", SIGNED_IN),
    Entry("POST", "decisions/new/", Verb.MAINTAIN, body=DECISION),
    Entry("POST", "decisions/import/", Verb.MAINTAIN, body={"owner": "checkout", "carried": ZIP, "try": "1"}),
    Entry("GET", "decisions/export/", SIGNED_IN),
    Entry("POST", "decisions/preview/", SIGNED_IN, body={"text": "*x*"}),
    Entry("GET", "decisions/<int:number>/", SIGNED_IN, ("1",)),
    Entry("POST", "decisions/<int:number>/edit/", Verb.MAINTAIN, ("1",), {**DECISION, "revision": 2}),
    Entry("GET", "decisions/<int:number>/history/", SIGNED_IN, ("1",)),
    Entry(
        "POST",
        "decisions/<int:number>/relations/",
        Verb.MAINTAIN,
        ("1",),
        {"kind": "relates", "add": "2", "revision": "2", **REASON},
    ),
    Entry("POST", "decisions/<int:number>/restore/", Verb.MAINTAIN, ("1",), {"revision": "decision-history", **REASON}),
    Entry("POST", "bulk/<str:kind>/", SIGNED_IN, ("pattern",), {"do": "status:draft", "chosen": "outbox:2"}),
    Entry("GET", "bulk/<int:number>/", SIGNED_IN, ("bulk",)),
    Entry("POST", "writing/draft/", SIGNED_IN, body={"body": "x"}, query="?place=/a/"),
    Entry("POST", "writing/draft/discard/", SIGNED_IN),
    Entry("POST", "writing/images/", OF_ANY_TEAM, body={"image": Picture()}),
    Entry("GET", "writing/references/", SIGNED_IN),
    Entry("GET", "images/<str:name>", SIGNED_IN, ("image",)),
    Entry("GET", "patterns/", SIGNED_IN),
    Entry("POST", "patterns/new/", Verb.MAINTAIN, body=PATTERN),
    Entry("POST", "patterns/preview/", SIGNED_IN, body={"text": "*x*"}),
    Entry("GET", "patterns/<slug:slug>/", SIGNED_IN, ("outbox",)),
    Entry("POST", "patterns/<slug:slug>/edit/", Verb.MAINTAIN, ("outbox",), {**PATTERN, "revision": 2}),
    Entry("GET", "patterns/<slug:slug>/history/", SIGNED_IN, ("outbox",)),
    Entry(
        "POST", "patterns/<slug:slug>/restore/", Verb.MAINTAIN, ("outbox",), {"revision": "pattern-history", **REASON}
    ),
    Entry("GET", "scorecards/", SIGNED_IN),
    Entry("POST", "scorecards/waivers/<int:pk>/end/", Verb.REVIEW, ("score-waiver",), REASON),
    Entry("GET", "workflows/<str:name>/scorecard/", SIGNED_IN, ("demo",)),
    Entry("GET", "workflows/<str:name>/scorecard/line/", SIGNED_IN, ("demo",)),
    Entry(
        "POST",
        "workflows/<str:name>/scorecard/waive/",
        Verb.REVIEW,
        ("demo",),
        {"until": "tomorrow", **REASON},
        "?check=runbook",
    ),
    Entry("GET", "workflows/<str:name>/onboarding/", SIGNED_IN, ("demo",)),
    Entry("GET", "ownership/", SIGNED_IN),
    Entry("GET", "ownership/<str:name>/", SIGNED_IN, ("checkout",)),
    Entry("GET", "upkeep/", SIGNED_IN),
    Entry("POST", "upkeep/new/", Verb.MAINTAIN, body={"team": "checkout", "text": "x", "effort": "small"}),
    Entry("POST", "upkeep/<int:pk>/end/", Verb.MAINTAIN, ("upkeep",), {"state": "done", **REASON}),
    Entry("GET", "postmortems/", SIGNED_IN),
    Entry("POST", "postmortems/new/", Verb.MAINTAIN, body=POSTMORTEM),
    Entry("POST", "postmortems/preview/", SIGNED_IN, body={"text": "*x*"}),
    Entry("POST", "postmortems/of-alert/<int:number>/", Verb.MAINTAIN, ("alert",)),
    Entry("POST", "postmortems/of-run/<uuid:run_id>/", Verb.MAINTAIN, ("failed",)),
    Entry("GET", "postmortems/<int:number>/", SIGNED_IN, ("1",)),
    Entry("POST", "postmortems/<int:number>/edit/", Verb.MAINTAIN, ("1",), {**POSTMORTEM, "revision": 2}),
    Entry("GET", "postmortems/<int:number>/history/", SIGNED_IN, ("1",)),
    Entry(
        "POST", "postmortems/<int:number>/restore/", Verb.MAINTAIN, ("1",), {"revision": "postmortem-history", **REASON}
    ),
    Entry("POST", "postmortems/<int:number>/mark/", Verb.MAINTAIN, ("1",), {"key": "own:1", "shown": "pinned"}),
    Entry(
        "POST", "postmortems/<int:number>/note/", Verb.MAINTAIN, ("1",), {"shown": "plain", "note": "x"}, "?key=own:1"
    ),
    Entry(
        "POST",
        "postmortems/<int:number>/lines/new/",
        Verb.MAINTAIN,
        ("1",),
        {"at": "2026-01-02T10:01", "text": "x"},
    ),
    Entry("POST", "postmortems/<int:number>/lines/remove/", Verb.MAINTAIN, ("1",), REASON, "?key=own:1"),
    Entry("POST", "postmortems/<int:number>/actions/new/", Verb.MAINTAIN, ("1",), ACTION),
    Entry("POST", "actions/<int:pk>/edit/", Verb.MAINTAIN, ("action",), {**ACTION, **REASON}),
    Entry("POST", "actions/<int:pk>/close/", Verb.MAINTAIN, ("action",), {"link": "https://x.example/", **REASON}),
    Entry("POST", "actions/<int:pk>/drop/", Verb.MAINTAIN, ("action",), REASON),
    Entry("GET", "workflows/<str:name>/postmortems/", SIGNED_IN, ("demo",)),
    Entry("GET", "runbooks/", SIGNED_IN),
    Entry("POST", "runbooks/new/", Verb.MAINTAIN, body=RUNBOOK),
    Entry("POST", "runbooks/preview/", SIGNED_IN, body={"text": "*x*"}),
    Entry("GET", "runbooks/<slug:slug>/", SIGNED_IN, ("stuck",)),
    Entry("POST", "runbooks/<slug:slug>/edit/", Verb.MAINTAIN, ("stuck",), {**RUNBOOK, "slug": "stuck", "revision": 2}),
    Entry("GET", "runbooks/<slug:slug>/history/", SIGNED_IN, ("stuck",)),
    Entry("GET", "runbooks/<slug:slug>/live/", SIGNED_IN, ("stuck",)),
    Entry(
        "POST",
        "runbooks/<slug:slug>/reviewed/",
        Verb.MAINTAIN,
        ("stuck",),
        {"review_by": "2099-01-01", "revision": 2, **REASON},
    ),
    Entry("POST", "runbooks/<slug:slug>/exercise/", Verb.OPERATE, ("stuck",)),
    Entry("GET", "exercises/", SIGNED_IN),
    Entry("GET", "exercises/<int:number>/", SIGNED_IN, ("exercise",)),
    Entry("POST", "exercises/<int:number>/hand-over/", Verb.OPERATE, ("exercise",)),
    Entry(
        "POST",
        "exercises/<int:number>/end/",
        Verb.OPERATE,
        ("exercise",),
        {"state": "completed", "summary": "it went well"},
    ),
    Entry("POST", "exercises/<int:number>/steps/<int:position>/", Verb.OPERATE, ("exercise", "1"), {"what": "done"}),
    Entry(
        "POST", "exercises/<int:number>/steps/<int:position>/action/", Verb.OPERATE, ("exercise", "1"), {"attempt": "1"}
    ),
    Entry("POST", "alerts/<int:number>/respond/", Verb.OPERATE, ("alert",)),
    Entry(
        "POST", "runbooks/<slug:slug>/restore/", Verb.MAINTAIN, ("stuck",), {"revision": "runbook-history", **REASON}
    ),
]
#: Permission by role for team checkout, from 1-architecture.md; `stranger` holds every role in another team.
ALLOWED: dict[str, set[Verb]] = {
    "anonymous": set(),
    "viewer": set(),
    "operator": {Verb.OPERATE, Verb.SEE_PAYLOADS, Verb.SWITCH},
    "maintainer": {Verb.OPERATE, Verb.SEE_PAYLOADS, Verb.SWITCH, Verb.MAINTAIN},
    "approver": {Verb.SEE_PAYLOADS, Verb.REVIEW},
    "admin": {Verb.OPERATE, Verb.SEE_PAYLOADS, Verb.SWITCH, Verb.MAINTAIN, Verb.ADMINISTER},
    "stranger": set(),
}
