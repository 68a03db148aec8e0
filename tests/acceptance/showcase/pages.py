"""All pages that people see: what has its picture and is looked at by axe; and why other addresses are not pages.

``tests/acceptance/test_page_list.py`` holds it against the addresses that there are.
"""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page


def as_it_comes(page: Page) -> None:
    """Nothing has to be done."""


@dataclass(frozen=True)
class Shown:
    """One picture. ``path`` names things of the showcase in braces; ``who`` "": nobody is logged in."""

    name: str
    path: str
    who: str = "admin"
    prepare: Callable[[Page], None] = as_it_comes
    #: What it is answered with; the browser complains of all but 200 in its console, which is then no fault.
    status: int = 200
    #: Parts that are not ours, by selector: axe does not look at them.
    foreign: tuple[str, ...] = ()


def _refused_log_in(page: Page) -> None:
    page.get_by_label("Name").fill("rita")
    page.get_by_label("Password").fill("not hers")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()


def _open_menu(page: Page) -> None:
    page.locator(".shell details.user > summary").click()


def _choose(page: Page) -> None:
    for title in ("Order of Eve", "Broken delivery", "Release search v1.3"):
        page.get_by_label(f"Choose {title}").check()
    page.get_by_label("What to do").select_option("assign")


def _ask_whether_sure(page: Page) -> None:
    _choose(page)
    page.get_by_role("button", name="Do it…").click()


def _act_in_bulk(page: Page) -> None:
    _choose(page)
    page.get_by_label("What to do").select_option("run")
    page.get_by_role("button", name="Do it…").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes, do it").click()
    page.wait_for_url("**/bulk/")


def _send_what_is_wrong(page: Page) -> None:
    page.get_by_label("A text").fill("abcd")
    page.get_by_label("A password").fill("hunter2")
    page.get_by_label("Known to the server alone").fill("xyz")
    page.get_by_role("button", name="Create the task").click()
    page.locator(".errors").first.wait_for()


def _as_call(page: Page) -> None:
    page.get_by_label("A text").fill("abcd")
    page.get_by_label("green").check()
    page.get_by_role("button", name="As API call").click()
    page.locator("#call-text").wait_for()


def _ask_to_pause(page: Page) -> None:
    page.get_by_role("button", name="Pause", exact=True).click()


def _as_yaml(page: Page) -> None:
    page.get_by_role("button", name="Task as YAML").click()
    page.get_by_role("dialog").get_by_text("template_name").wait_for()


def _dry_run(page: Page) -> None:
    page.locator("#verdict.good, #verdict.retries").wait_for()
    page.locator("#inputs").fill("service: search\nversion: v2\nregions: [north, south]")
    page.locator("#run").click()
    page.locator("#last").click()


def _write_what_is_wrong(page: Page) -> None:
    page.locator("#verdict.good, #verdict.retries").wait_for()
    box = page.locator("#text")
    box.fill(box.input_value().replace("dependencies: [build]", "dependencies: [biuld]"))
    page.locator("#verdict.bad").wait_for()


def _without_its_mark(page: Page) -> None:
    page.evaluate("document.querySelector('main [name=csrfmiddlewaretoken]').value = ''")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("This form is too old").wait_for()


def _save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Under maintenance").wait_for()


def _wrong_password(page: Page) -> None:
    page.get_by_label("Old password").fill("not this one")
    page.get_by_label("New password", exact=False).first.fill("12345678")
    page.get_by_label("New password confirmation").fill("1234567")
    page.get_by_role("button", name="Change my password").click()
    page.locator(".errorlist").first.wait_for()


def _choose_users(page: Page) -> None:
    page.locator("#result_list tbody tr", has_text="eve").get_by_role("checkbox").check()
    page.locator("select[name=action]").select_option("delete_selected")
    page.get_by_role("button", name="Go").click()
    page.locator(".delete-confirmation, #content form").first.wait_for()


def _swagger_is_there(page: Page) -> None:
    page.locator(".opblock-tag").first.wait_for()


def _open_operation(page: Page) -> None:
    page.locator(".opblock-summary").first.click()
    page.locator(".opblock-body").first.wait_for()


SHOWN = (
    Shown("login", "/admin/login/", who=""),
    Shown("login-refused", "/admin/login/", who="", prepare=_refused_log_in),
    Shown("home", "/admin/"),
    Shown("home-menu", "/admin/", prepare=_open_menu),
    Shown("home-of-a-resolver", "/admin/", who="rita"),
    Shown("home-with-nothing", "/admin/", who="eve"),
    Shown("tasks", "/admin/tasks/"),
    Shown("tasks-chosen", "/admin/tasks/", prepare=_choose),
    Shown("tasks-sure", "/admin/tasks/", prepare=_ask_whether_sure),
    Shown("tasks-filtered", "/admin/tasks/?type=all&template=release&state=BLOCKED&state=CANCELLED"),
    Shown("tasks-none", "/admin/tasks/?type=own", who="eve"),
    Shown("batch", "/admin/tasks/?type=all&batch={batch}"),
    Shown("bulk", "/admin/tasks/", prepare=_act_in_bulk),
    Shown("new", "/admin/new/"),
    Shown("form", "/admin/new/form/"),
    Shown("form-refused", "/admin/new/form/", prepare=_send_what_is_wrong),
    Shown("form-as-call", "/admin/new/form/", prepare=_as_call),
    Shown("task", "/admin/tasks/{release}/?step=canary"),
    Shown("task-running", "/admin/tasks/{migrate}/?step=copy"),
    Shown("task-retrying", "/admin/tasks/{mirror}/?step=fetch"),
    Shown("task-waiting", "/admin/tasks/{confirm}/?step=each"),
    Shown("task-to-resolve", "/admin/tasks/{order}/"),
    Shown("task-with-children", "/admin/tasks/{fleet}/?step=upgrades"),
    Shown("task-of-another", "/admin/tasks/{broken}/?step=send", who="rita"),
    Shown("task-refused", "/admin/tasks/{release}/", who="eve", status=403),
    Shown("task-as-yaml", "/admin/tasks/{broken}/", prepare=_as_yaml),
    Shown("task-sure", "/admin/tasks/{broken}/", prepare=_ask_to_pause),
    Shown("blocked", "/admin/tasks/{broken}/?step=send"),
    Shown("edit-task", "/admin/tasks/{order}/edit/"),
    Shown("edit-run", "/admin/tasks/{broken}/run/edit/"),
    Shown("resolve", "/admin/tasks/{order}/resolve/"),
    Shown("start-over", "/admin/tasks/{broken}/resolve/"),
    Shown("answer", "/admin/tasks/{confirm}/callback/{callback}/"),
    Shown("templates", "/admin/templates/"),
    Shown("template", "/admin/templates/release/?from=1&to=2"),
    Shown("actions", "/admin/actions/"),
    Shown("action", "/admin/actions/http/"),
    Shown("function", "/admin/functions/announce/"),
    Shown("editor", "/admin/editor/?template=release", prepare=_dry_run),
    Shown("editor-refused", "/admin/editor/?template=release", prepare=_write_what_is_wrong),
    Shown("operations", "/admin/operations/?look=doctor"),
    Shown("operations-keys", "/admin/operations/?look=keys"),
    Shown("audit", "/admin/audit/"),
    Shown("refused", "/admin/operations/", who="eve", status=403),
    Shown("refused-accounts", "/admin/auth/user/", who="eve", status=403),
    Shown("no-such-task", "/admin/tasks/00000000-0000-0000-0000-000000000000/", status=404),
    Shown("no-such-page", "/admin/nothing/", status=404),
    Shown("too-old", "/admin/tasks/{order}/edit/", prepare=_without_its_mark, status=403),
    Shown("broken", "/admin/fails/", status=500),
    Shown("password", "/admin/password_change/"),
    Shown("password-refused", "/admin/password_change/", prepare=_wrong_password),
    Shown("password-changed", "/admin/password_change/done/"),
    Shown("accounts", "/admin/auth/"),
    Shown("users", "/admin/auth/user/"),
    Shown("users-to-delete", "/admin/auth/user/", prepare=_choose_users),
    Shown("user-new", "/admin/auth/user/add/"),
    Shown("user", "/admin/auth/user/{rita}/change/"),
    Shown("user-password", "/admin/auth/user/{rita}/password/"),
    Shown("user-history", "/admin/auth/user/{rita}/history/"),
    Shown("user-delete", "/admin/auth/user/{rita}/delete/"),
    Shown("groups", "/admin/auth/group/"),
    Shown("group-new", "/admin/auth/group/add/"),
    Shown("group", "/admin/auth/group/{operators}/change/"),
    Shown("group-history", "/admin/auth/group/{operators}/history/"),
    Shown("group-delete", "/admin/auth/group/{operators}/delete/"),
    Shown("tokens", "/admin/authtoken/tokenproxy/"),
    Shown("token-new", "/admin/authtoken/tokenproxy/add/"),
    Shown("token", "/admin/authtoken/tokenproxy/{alan}/change/"),
    Shown("token-history", "/admin/authtoken/tokenproxy/{alan}/history/"),
    Shown("token-delete", "/admin/authtoken/tokenproxy/{alan}/delete/"),
    Shown("callback", "{answer_at}", who=""),
    Shown("callback-refused", "/unsecured/callback/{callback}?t=wrong", who="", status=404),
    Shown("api", "/ui/swagger/", who="", prepare=_swagger_is_there),
    Shown("api-operation", "/ui/swagger/", who="", prepare=_open_operation),
    Shown("api-list", "/task"),
    Shown("api-task", "/task/{release}"),
)

#: Looked at last, once maintenance is on.
IN_MAINTENANCE = (
    Shown("maintenance", "/admin/operations/"),
    Shown("maintenance-task", "/admin/tasks/{broken}/"),
    Shown("maintenance-refused", "/admin/tasks/{order}/edit/", prepare=_save, status=503),
    Shown("maintenance-callback", "{answer_at}", who="", status=405),
)

_ACT = "acts and goes on to a page"
_JSON = "answers scripts of ours with JSON"
#: Addresses that answer browsers and have no picture -> why not.
NOT_SHOWN = {
    "admin/tasks/bulk/": "shown as the answer to what is sent from the list: bulk",
    "admin/tasks/<uuid:public_id>/do/": _ACT,
    "admin/tasks/<uuid:public_id>/step/": _ACT,
    "admin/tasks/<uuid:public_id>/comment/": _ACT,
    "admin/template-switches/<path:template_name>/": _ACT,
    "admin/template-reload/": _ACT,
    "admin/operations/do/": _ACT,
    "admin/editor/known/": _JSON,
    "admin/editor/check/": _JSON,
    "admin/editor/dry-run/": _JSON,
    "admin/editor/save/": _JSON,
    "admin/autocomplete/": _JSON,
    "admin/jsi18n/": "answers with a script",
    "admin/logout/": _ACT,
    "admin/r/<path:content_type_id>/<path:object_id>/": "leads to nothing: no model of ours has a page of its own",
    "admin/auth/user/<path:object_id>/": "leads to its change page",
    "admin/auth/group/<path:object_id>/": "leads to its change page",
    "admin/authtoken/tokenproxy/<path:object_id>/": "leads to its change page",
    "ui/dashboard/": "an operator's own pages, else leads to the admin",
    "ui/dashboard/<path:path>": "an operator's own pages, else leads to the admin",
}
