"""API URLs of the registry and the gate: contracts, changes, endings, verification results."""

from django.urls import URLPattern, path

from portal.api import api_operations, changes, contracts, data_contracts, document_imports, endings, verifications

_VERSION = "contracts/<str:name>/versions/<str:version>"
urlpatterns: list[URLPattern] = [
    path("contracts", contracts.Contracts.as_view()),
    path("contracts/check", contracts.CheckContract.as_view()),
    path("contracts/<str:name>", contracts.OneContract.as_view()),
    path(_VERSION, contracts.OneContractVersion.as_view()),
    path("odcs", document_imports.Odcs.as_view()),
    path("apis", document_imports.Apis.as_view()),
    path(f"{_VERSION}/odcs", data_contracts.OneOdcs.as_view()),
    path(f"{_VERSION}/operations", api_operations.Operations.as_view()),
    path(f"{_VERSION}/deprecate", endings.DeprecateContract.as_view()),
    path(f"{_VERSION}/retire", endings.RetireContract.as_view()),
    path(f"{_VERSION}/verifications", verifications.Verifications.as_view()),
    path("workflows/<slug:name>/versions/<str:version>/deprecate", endings.DeprecateWorkflow.as_view()),
    path("workflows/<slug:name>/versions/<str:version>/retire", endings.RetireWorkflow.as_view()),
    path("workflows/<slug:name>/versions/<str:version>/can-deploy", verifications.CanDeploy.as_view()),
    path("changes", changes.Changes.as_view()),
    path("changes/<int:number>", changes.OneChange.as_view()),
    path("changes/<int:number>/reviews", changes.ChangeReviews.as_view()),
    path("changes/<int:number>/comments", changes.ChangeComments.as_view()),
    path("changes/<int:number>/withdraw", changes.WithdrawChange.as_view()),
    path("changes/<int:number>/schedule", changes.ScheduleChange.as_view()),
    path("changes/<int:number>/apply", changes.ApplyChange.as_view()),
]
