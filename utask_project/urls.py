"""Which face answers: the API at the original's paths, the admin under /admin/."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from tasks import plugins
from tasks.admin import accounts  # noqa: F401 - puts its pages into the site
from tasks.admin.site import site
from tasks.api.views.plugins import view_of

urlpatterns: list[URLPattern | URLResolver] = [
    # Under the admin's path: the cookies and pages are its own.
    *([path("admin/oidc/", include("mozilla_django_oidc.urls"))] if settings.UTASK_OIDC_ISSUER else []),
    path("admin/", site.urls),
    path("", include("tasks.api.urls")),
]
# Behind ours: a plugin cannot take a path that the API has.
urlpatterns += [path(at, view_of(routes).as_view()) for at, routes in plugins.routes().items()]

handler400 = "tasks.admin.failures.not_understood"
handler403 = "tasks.admin.failures.not_permitted"
handler404 = "tasks.admin.failures.not_found"
handler500 = "tasks.admin.failures.broken"
