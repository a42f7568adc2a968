"""URLs of the knowledge pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
