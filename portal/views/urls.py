"""URLs of the pages."""

urlpatterns: list[object] = []
