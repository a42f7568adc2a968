"""API URLs: people, teams and the webhooks of teams."""

from django.urls import URLPattern, path

from portal.api import ownership, teams, tokens, webhooks

urlpatterns: list[URLPattern] = [
    path("ownership", ownership.Ownership.as_view()),
    path("teams", teams.Teams.as_view()),
    path("teams/<slug:name>", teams.OneTeam.as_view()),
    path("webhook-deliveries", webhooks.Deliveries.as_view()),
    path("webhook-deliveries/<int:delivery_id>/resend", webhooks.ResendDelivery.as_view()),
    path("tokens", tokens.Tokens.as_view()),
    path("tokens/<int:token_id>", tokens.OneToken.as_view()),
]
