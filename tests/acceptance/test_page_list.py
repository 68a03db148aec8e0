"""No page without its picture: the list of pages against the addresses that there are."""

from collections.abc import Iterator
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver, resolve
from rest_framework.views import APIView

from tests.acceptance.showcase.pages import IN_MAINTENANCE, NOT_SHOWN, SHOWN


class _Somewhere(dict[str, str]):
    """Any place of the showcase."""

    def __missing__(self, name: str) -> str:
        return "/unsecured/callback/x" if name == "answer_at" else str(UUID(int=0))


def declared(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address, as the resolver names it."""
    for each in resolver.url_patterns:
        # As a match names its route.
        route = before + str(each.pattern).removeprefix("^")
        if isinstance(each, URLResolver):
            yield from declared(each, route)
        else:
            yield route, each


def pages() -> set[str]:
    """Addresses of pages: the API's are one page for all its answers."""
    return {
        route
        for route, pattern in declared(get_resolver())
        if not issubclass(getattr(pattern.callback, "cls", object), APIView)
    }


def pictured() -> set[str]:
    paths = [shown.path.format_map(_Somewhere()).partition("?")[0] for shown in (*SHOWN, *IN_MAINTENANCE)]
    return {resolve(path).route for path in paths if path != "/admin/fails/"}


def test_every_page_has_a_picture_or_a_reason_why_not():
    assert pages() - pictured() == set(NOT_SHOWN)


def test_no_two_pictures_have_one_name():
    names = [shown.name for shown in (*SHOWN, *IN_MAINTENANCE)]
    assert len(names) == len(set(names))


def test_every_page_of_the_api_for_people_has_a_picture():
    assert {"task", "task/<str:task_id>", "unsecured/callback/<str:callback_id>", "ui/swagger/"} <= pictured()
