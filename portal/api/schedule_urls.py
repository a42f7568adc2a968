"""API URLs of schedules, triggers and backfills."""

from django.urls import URLPattern, path

from portal.api import schedules

urlpatterns: list[URLPattern] = [
    path("schedules", schedules.Schedules.as_view()),
    path("schedules/<slug:name>", schedules.OneSchedule.as_view()),
    path("schedules/<slug:name>/pause", schedules.PauseSchedule.as_view()),
    path("schedules/<slug:name>/resume", schedules.ResumeSchedule.as_view()),
    path("schedules/<slug:name>/backfills", schedules.Backfills.as_view()),
    path("schedules/<slug:name>/backfills/preview", schedules.BackfillPreview.as_view()),
    path("schedules/<slug:name>/backfills/<int:number>/cancel", schedules.CancelBackfill.as_view()),
    path("triggers", schedules.Triggers.as_view()),
    path("triggers/<slug:name>", schedules.OneTrigger.as_view()),
    path("triggers/<slug:name>/pause", schedules.PauseTrigger.as_view()),
    path("triggers/<slug:name>/resume", schedules.ResumeTrigger.as_view()),
]
