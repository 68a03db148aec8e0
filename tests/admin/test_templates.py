"""Templates: the list, one template with its versions, switches, and loading again."""

import textwrap

import pytest

from tasks.models import Template
from tasks.services import resolutions
from tasks.services.errors import BadRequest
from tasks.services.templates import load_templates
from tests.questions import asked

ONE = """
    name: evolves
    description: The first text
    title_format: evolves
    steps:
      old: {action: {type: echo, configuration: {output: {}}}}
"""


def row(page: str, name: str) -> str:
    """The line of one template in the list."""
    start = page.index(f'href="/admin/templates/{name}/"')
    return page[start:].partition("</tr>")[0]


@pytest.fixture
def folder(world, settings, tmp_path):
    """The only configured folder of templates, with one template in it."""
    place = tmp_path / "own-templates"
    place.mkdir()
    (place / "evolves.yaml").write_text(textwrap.dedent(ONE))
    settings.UTASK_TEMPLATES_PATH = [place]
    load_templates()
    return place


def test_the_list_tells_use_and_failures(visit, make, run, acting):
    make("auto")
    task = make("chosen", id="y")
    resolutions.create_resolution(acting("adm"), task.public_id, {"ri1": "foo"})
    run()
    page = visit("adm").get("templates/")
    assert "0 %" in row(page, "auto")
    assert "100 %" in row(page, "chosen")
    assert "not used" in row(page, "dummy")


def test_use_counts_only_tasks_that_one_may_see(visit, make):
    make("dummy", by="req")
    assert "type=all&template=dummy" in row(visit("req").get("templates/"), "dummy")
    assert "not used" in row(visit("str").get("templates/"), "dummy")


def test_hidden_templates_are_listed_for_administrators(visit):
    assert "templates/hidden/" in visit("adm").get("templates/")
    assert "templates/hidden/" not in visit("req").get("templates/")


def test_a_search_narrows_the_list(visit):
    page = visit("req").get("templates/?search=GREETS+some")
    assert "templates/hello/" in page
    assert "templates/dummy/" not in page
    assert "No template has these words" in visit("req").get("templates/?search=nothing-of-that-kind")


def test_the_list_asks_as_many_questions_for_one_task_as_for_many(visit, make):
    visitor = visit("adm")

    def questions() -> int:
        with asked() as statements:
            visitor.get("templates/")
        return len(statements)

    make("dummy")
    before = questions()
    for template in ("dummy", "hello", "owned"):
        make(template, name="x", id="x")
    assert questions() == before


def test_a_template_shows_inputs_graph_and_who_may_resolve(visit):
    page = visit("req").get("templates/owned/")
    assert 'data-step="other"' in page
    assert "an id" in page
    assert "own" in page[page.index('id="who-title"') :].partition("</section>")[0]
    assert "owners" in page
    assert "REFUSED" in page


def test_a_template_that_does_not_exist_is_not_found(visit):
    visit("req").get("templates/nowhere/", status=404)


def test_two_versions_are_compared(visit, folder):
    (folder / "evolves.yaml").write_text(textwrap.dedent(ONE.replace("old:", "fresh:")))
    load_templates()
    page = visit("req").get("templates/evolves/?from=1&to=2")
    assert '<span class="removed">-  old:' in page
    assert '<span class="added">+  fresh:' in page
    assert "The texts are the same" in visit("req").get("templates/evolves/?from=2&to=2")
    visit("req").get("templates/evolves/?from=1&to=7", status=404)


@pytest.mark.parametrize("given", ["from=x&to=1", "from=1", "from=-1&to=1", "from=99999999&to=99999999"])
def test_versions_that_are_no_numbers_are_passed_over(visit, folder, given):
    assert 'id="diff"' not in visit("req").get(f"templates/evolves/?{given}")


def test_blocked_by_hand_outlives_a_reload_and_a_new_version(visit, folder, make):
    visit("adm").post("template-switches/evolves/", switch="blocked", on="yes")
    (folder / "evolves.yaml").write_text(textwrap.dedent(ONE.replace("first", "second")))
    load_templates()
    assert Template.objects.get(name="evolves").blocked
    with pytest.raises(BadRequest, match="blocked"):
        make("evolves")
    visit("adm").post("template-switches/evolves/", switch="blocked")
    assert not Template.objects.get(name="evolves").blocked
    assert make("evolves").template.name == "evolves"


def test_hidden_by_hand_is_gone_from_lists_until_it_is_taken_back(visit, folder):
    visit("adm").post("template-switches/evolves/", switch="hidden", on="yes")
    assert "templates/evolves/" not in visit("req").get("templates/")
    visit("adm").post("template-switches/evolves/", switch="blocked", on="yes")
    assert Template.objects.get(name="evolves").hidden
    visit("adm").post("template-switches/evolves/", switch="hidden")
    assert "templates/evolves/" in visit("req").get("templates/")


def test_taking_a_switch_back_leaves_what_the_file_says(visit):
    visit("adm").post("template-switches/blocked/", switch="blocked", on="yes")
    visit("adm").post("template-switches/blocked/", switch="blocked")
    assert Template.objects.get(name="blocked").blocked


def test_switches_and_reload_are_for_administrators(visit, folder):
    visit("own").post("template-switches/evolves/", status=403, switch="blocked", on="yes")
    visit("own").post("template-reload/", status=403)
    page = visit("own").get("templates/evolves/")
    assert "Switches" not in page
    assert str(folder) not in page
    assert not Template.objects.get(name="evolves").blocked


def test_an_unknown_switch_or_template_is_refused(visit, folder):
    visit("adm").post("template-switches/evolves/", status=400, switch="archived", on="yes")
    visit("adm").post("template-switches/nowhere/", status=404, switch="blocked", on="yes")


def test_a_reload_says_what_it_did_and_shows_mistakes_with_their_place_to_administrators(visit, folder):
    (folder / "wrong.yaml").write_text("name: wrong\ndescription: Wrong\ntitle_format: wrong\nsteps: {a: {}}\n")
    told = visit("adm").told("template-reload/")
    assert "1 unchanged" in told
    assert "refused" in told
    page = visit("adm").get("templates/")
    assert f"{folder}/wrong.yaml:4" in page
    assert "4: steps: {a: {}}" in page
    assert "wrong.yaml" not in visit("req").get("templates/")
