"""API URLs: people."""

from django.urls import URLPattern, path

from portal.api import teams, tokens

urlpatterns: list[URLPattern] = [
    path("teams", teams.Teams.as_view()),
    path("teams/<slug:name>", teams.OneTeam.as_view()),
    path("tokens", tokens.Tokens.as_view()),
    path("tokens/<int:token_id>", tokens.OneToken.as_view()),
]
