"""API URLs of objectives, alerts and silences."""

from django.urls import URLPattern, path

from portal.api import alerts, objectives

urlpatterns: list[URLPattern] = [
    path("objectives", objectives.Objectives.as_view()),
    path("objectives/<str:name>", objectives.OneObjective.as_view()),
    path("objectives/<str:name>/retire", objectives.RetireObjective.as_view()),
    path("objectives/<str:name>/silence", alerts.SilenceObjective.as_view()),
    path("silences/<int:number>/end", alerts.EndSilence.as_view()),
    path("openslo", objectives.OpenSLO.as_view()),
    path("alerts", alerts.Alerts.as_view()),
    path("alerts/<int:number>", alerts.OneAlert.as_view()),
    path("alerts/<int:number>/acknowledge", alerts.AcknowledgeAlert.as_view()),
    path("alerts/<int:number>/resolve", alerts.ResolveAlert.as_view()),
]
