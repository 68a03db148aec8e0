"""The admin site: Django's, with our pages in it, for everybody who has an account.

What somebody sees and may do is decided per object by the services; Django's own pages (accounts, tokens) are for
superusers. Source: docs/operating.md, "Roles".
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, path

from tasks.admin import failures
from tasks.admin.entrance import Entrance
from tasks.admin.home import Home
from tasks.admin.navigation import shell
from tasks.admin.pages import PAGES
from tasks.services import maintenance

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Site(AdminSite):
    """Our pages before Django's."""

    site_title = "µTask"
    site_header = "µTask"
    index_title = "Home"
    enable_nav_sidebar = False
    site_url = None
    # Django's own form lets nobody in who is not staff.
    login_form = Entrance
    login_template = "pages/login.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Everybody with an active account may come in."""
        return request.user.is_active

    def get_urls(self) -> list[URLResolver | URLPattern]:
        # These look for maintenance mode themselves: one of them ends it.
        allowed = super().admin_view
        own = [path(page.route, allowed(page.as_view()), name=page.name) for page in PAGES]
        return [*own, *super().get_urls()]

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Django's own pages: accounts, groups, tokens, one's password. They write nothing in maintenance mode."""
        return super().admin_view(view if view == self.logout else _unless_in_maintenance(view), cacheable)

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The home page."""
        return Home.as_view()(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page shows, Django's own included."""
        own = {"oidc": bool(settings.UTASK_OIDC_ISSUER), "shell": shell(request, section="accounts")}
        return {**super().each_context(request), **own}


def _unless_in_maintenance(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and maintenance.is_on():
            return failures.maintained(request)
        return view(request, *args, **kwargs)

    return cast(View, guarded)


site = Site(name="admin")
