"""API URLs of what runs wait for: events, signals and approvals."""

from django.urls import URLPattern, path

from portal.api import approvals, events

urlpatterns: list[URLPattern] = [
    path("events", events.Events.as_view()),
    path("events/<int:number>", events.OneEvent.as_view()),
    path("runs/<uuid:run_id>/signals", events.SignalRun.as_view()),
    path("approvals", approvals.Approvals.as_view()),
    path("approvals/<int:number>", approvals.OneApproval.as_view()),
    path("approvals/<int:number>/decide", approvals.DecideApproval.as_view()),
]
