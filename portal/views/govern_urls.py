"""URLs of the registry and the gate: contracts and changes."""

from django.urls import URLPattern, path

from portal.views import changes, contracts

urlpatterns: list[URLPattern] = [
    path("contracts/", contracts.list_contracts, name="contracts"),
    path("contracts/<str:name>/", contracts.contract, name="contract"),
    path("changes/", changes.list_changes, name="changes"),
    path("changes/<int:number>/", changes.change, name="change"),
    path("changes/<int:number>/review/", changes.vote, name="change-review"),
    path("changes/<int:number>/withdraw/", changes.take_back, name="change-withdraw"),
]
