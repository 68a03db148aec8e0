"""Which face answers: the API at the original's paths, the admin under /admin/."""

from django.urls import include, path

from tasks.admin.accounts import site

urlpatterns = [
    path("admin/", site.urls),
    path("", include("tasks.api.urls")),
]
