"""URLs of the operate pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
