"""URLs of the registry, the gate and the logs: contracts, changes, audit, the history of any governed object."""

from django.urls import URLPattern, path

from portal.views import audit, changes, contract_changes, contracts, endings, history, policies
from portal.views import change_actions as act

CONTRACT, WORKFLOW = {"noun": "contract"}, {"noun": "workflow"}
urlpatterns: list[URLPattern] = [
    path("contracts/", contracts.list_contracts, name="contracts"),
    path("contracts/new/", contract_changes.propose_version, name="contract-new"),
    path("contracts/<str:name>/", contracts.contract, name="contract"),
    path("contracts/<str:name>/propose/", contract_changes.propose_version, name="contract-propose"),
    path("contracts/<str:name>/<str:version>/odcs/", contracts.export, name="contract-odcs"),
    path("contracts/<str:name>/<str:version>/document/", contracts.document, name="contract-document"),
    path("contracts/<str:name>/<str:number>/deprecate/", endings.deprecate, CONTRACT, name="contract-deprecate"),
    path("contracts/<str:name>/<str:number>/retire/", endings.retire, CONTRACT, name="contract-retire"),
    path("workflows/<str:name>/<str:number>/deprecate/", endings.deprecate, WORKFLOW, name="workflow-deprecate"),
    path("workflows/<str:name>/<str:number>/retire/", endings.retire, WORKFLOW, name="workflow-retire"),
    path("changes/", changes.list_changes, name="changes"),
    path("changes/policies/", policies.list_policies, name="gate-policies"),
    path("changes/<int:number>/", changes.change, name="change"),
    path("changes/<int:number>/review/", act.vote, name="change-review"),
    path("changes/<int:number>/comment/", act.comment, name="change-comment"),
    path("changes/<int:number>/waive/", act.waive, name="change-waive"),
    path("changes/<int:number>/end-waiver/", act.end_waiver, name="change-end-waiver"),
    path("changes/<int:number>/schedule/", act.schedule, name="change-schedule"),
    path("changes/<int:number>/apply/", act.apply, name="change-apply"),
    path("changes/<int:number>/withdraw/", act.withdraw, name="change-withdraw"),
    path("changes/<int:number>/ask-glass/", act.ask_glass, name="change-ask-glass"),
    path("changes/<int:number>/break-glass/", act.break_glass, name="change-break-glass"),
    path("history/<slug:kind>/<str:key>/", history.history, name="history"),
    path("history/<slug:kind>/<str:key>/restore/", history.restore_revision, name="history-restore"),
    path("audit/", audit.list_audit, name="audit"),
    path("audit/export.csv", audit.export, {"form": "csv"}, name="audit-csv"),
    path("audit/export.jsonl", audit.export, {"form": "jsonl"}, name="audit-jsonl"),
]
