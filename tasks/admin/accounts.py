"""Accounts, groups and tokens: Django's own pages, for superusers."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.text import capfirst
from rest_framework.authtoken.admin import TokenAdmin
from rest_framework.authtoken.models import TokenProxy

from tasks.admin.site import site

# What their pages are called, at the top of each.
apps.get_app_config("auth").verbose_name = "Accounts"
apps.get_app_config("authtoken").verbose_name = "Programs"


class _ForSuperusers:
    """Rights over accounts would be a way to any right, so Django's fine-grained permissions do not count here."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def _allowed(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    has_view_permission = has_change_permission = has_delete_permission = _allowed

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list, called by what is in it."""
        model: Any = self
        called = capfirst(model.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": called, **(extra_context or {})})  # type: ignore[misc]  # of ModelAdmin, beside which it stands

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)


@admin.register(User, site=site)
class Users(_ForSuperusers, UserAdmin):  # type: ignore[type-arg]  # takes none at run time
    """People who log in. Rights are by group and by superuser alone, so Django's finer ones are not offered."""

    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Rights", {"fields": ("is_active", "is_superuser", "groups")}),
    )
    # Two boxes with a search in the middle are nothing for a screen reader; groups are few.
    filter_horizontal = ()
    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_superuser", "is_active", "groups")


@admin.register(Group, site=site)
class Groups(_ForSuperusers, GroupAdmin):
    """Groups that templates and tasks name."""

    fields = ("name",)
    filter_horizontal = ()


@admin.register(TokenProxy, site=site)
class Tokens(_ForSuperusers, TokenAdmin):
    """Tokens by which programs act as somebody; the list tells whose they are, and not the whole token."""

    list_display = ("user", "beginning", "created")

    @admin.display(description="begins with", ordering="key")
    def beginning(self, token: TokenProxy) -> str:
        """Enough to recognise it, too little to use it."""
        return f"{token.key[:4]}…"
