"""Accounts, groups and tokens: Django's own pages, for superusers."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from rest_framework.authtoken.admin import TokenAdmin
from rest_framework.authtoken.models import TokenProxy

from tasks.admin.site import site


class _ForSuperusers:
    """Rights over accounts would be a way to any right, so Django's fine-grained permissions do not count here."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def _allowed(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    has_view_permission = has_change_permission = has_delete_permission = _allowed

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)


@admin.register(User, site=site)
class Users(_ForSuperusers, UserAdmin):  # type: ignore[type-arg]  # takes none at run time
    """People who log in."""


@admin.register(Group, site=site)
class Groups(_ForSuperusers, GroupAdmin):
    """Groups that templates and tasks name."""


@admin.register(TokenProxy, site=site)
class Tokens(_ForSuperusers, TokenAdmin):
    """Tokens by which programs act as somebody."""
