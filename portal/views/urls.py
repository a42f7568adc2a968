"""URLs of the pages, by who they are for. Owns the order only."""

from portal.views import govern_urls, knowledge_urls, operate_urls, people_urls

urlpatterns = [
    *operate_urls.urlpatterns,
    *people_urls.urlpatterns,
    *govern_urls.urlpatterns,
    *knowledge_urls.urlpatterns,
]
