"""URLs of the registry, the gate and the log: contracts, changes, audit."""

from django.urls import URLPattern, path

from portal.views import audit, changes, contracts

urlpatterns: list[URLPattern] = [
    path("contracts/", contracts.list_contracts, name="contracts"),
    path("contracts/<str:name>/", contracts.contract, name="contract"),
    path("changes/", changes.list_changes, name="changes"),
    path("changes/<int:number>/", changes.change, name="change"),
    path("changes/<int:number>/review/", changes.vote, name="change-review"),
    path("changes/<int:number>/withdraw/", changes.take_back, name="change-withdraw"),
    path("audit/", audit.list_audit, name="audit"),
    path("audit/export.csv", audit.export, {"form": "csv"}, name="audit-csv"),
    path("audit/export.jsonl", audit.export, {"form": "jsonl"}, name="audit-jsonl"),
]
