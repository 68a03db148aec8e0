"""The editor's addresses: checking, drawing, dry runs, saving."""

import json
import textwrap
from typing import Any

import pytest

from tasks.models import Task, Template
from tasks.services import maintenance
from tasks.services.templates import load_templates

GOOD = textwrap.dedent("""
    name: written
    description: Written in the editor
    title_format: Written for {{.input.whom}}
    inputs: [{name: whom, description: Whom}]
    resolver_inputs: [{name: score, description: Score, type: number, default: 3}]
    steps:
      call:
        retry_pattern: seconds
        action: {type: http, configuration: {url: "https://example.org/{{.input.whom}}", method: GET}}
      loop:
        foreach: '["a", "b"]'
        dependencies: [call]
        action: {type: echo, configuration: {output: {it: "{{.iterator}}"}}}
      after:
        dependencies: ["call:ANY"]
        action: {type: echo, configuration: {output: {secret: "{{.config.hush}}", score: "{{.resolver_input.score}}"}}}
    result_format: {got: "{{.step.call.output.id}}"}
""").lstrip()


@pytest.fixture
def ask(visit):
    """What an address of the editor answers to somebody."""

    def asked(name: str, path: str, status: int = 200, **fields: str) -> dict[str, Any]:
        answer = visit(name).client.post(f"/admin/editor/{path}/", fields)
        assert answer.status_code == status, answer.content.decode()[:2000]
        return json.loads(answer.content)

    return asked


@pytest.fixture
def folder(world, settings, tmp_path):
    """The only configured folder of templates; saving is switched on."""
    place = tmp_path / "own-templates"
    place.mkdir()
    settings.UTASK_TEMPLATES_PATH, settings.UTASK_EDITOR_SAVES = [place], True
    return place


def test_a_good_text_is_accepted_drawn_and_given_values_to_begin_with(ask):
    found = ask("str", "check", text=GOOD)
    assert (found["accepted"], found["name"], found["problems"]) == (True, "written", [])
    assert 'data-step="after"' in found["graph"]
    assert found["begin"]["inputs"] == "whom: whom\n"
    assert found["begin"]["resolver_inputs"] == "score: 3\n"
    assert "call:" in found["begin"]["script"]


@pytest.mark.parametrize(
    "pattern", ["^v[0-9]+", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "@", "^[a-z]{3}$", "^https://", "^[0-9a-f-]{36}$"]
)
def test_what_a_dry_run_begins_with_matches_usual_patterns(ask, pattern):
    text = GOOD.replace("{name: whom, description: Whom}", f"{{name: whom, description: Whom, regex: '{pattern}'}}")
    begin = ask("str", "check", text=text)["begin"]
    assert ask("str", "dry-run", text=text, **begin)["state"] == "DONE"


def test_the_forms_of_its_inputs_are_those_of_the_pages(ask, visit):
    forms = ask("str", "check", text=GOOD)["forms"]
    assert '<label for="in-0">Whom' in forms["inputs"]
    assert 'name="re-score" type="number" step="any" value="3"' in forms["resolver_inputs"]
    without = GOOD.replace("inputs: [{name: whom, description: Whom}]\n", "", 1).replace("{{.input.whom}}", "x")
    assert "Nothing is asked." in ask("str", "check", text=without)["forms"]["inputs"]
    assert ask("str", "check", text=GOOD.replace("type: http", "type: htpp"))["forms"] is None


def test_every_mistake_has_its_line_and_the_graph_stays(ask):
    text = GOOD.replace("type: http", "type: htpp").replace("[call]", "[cal]")
    found = ask("str", "check", text=text)
    assert not found["accepted"]
    lines = {problem["line"]: problem for problem in found["problems"]}
    assert "htpp" in lines[9]["what"]
    assert lines[9]["mend"] == 'Did you mean "http"?'
    assert lines[12]["step"] == "loop"
    assert 'data-step="after"' in found["graph"]


def test_what_is_no_yaml_has_a_line_and_no_graph(ask):
    found = ask("str", "check", text="name: x\nsteps: [\n")
    assert found["problems"][0]["line"] >= 2
    assert found["graph"] == ""


STRANGE = ("", "[]", "steps: 3", "steps: {a: 1}", "steps: {a: {dependencies: b}}", "\x00", "a: &a [*a]")


@pytest.mark.parametrize("text", STRANGE)
def test_any_text_is_answered(ask, text):
    assert ask("str", "check", text=text)["accepted"] is False


def test_a_step_that_names_markup_stays_a_name(ask):
    text = GOOD.replace("  loop:", '  "<script>x</script>":')
    assert "<script" not in ask("str", "check", text=text)["graph"]


def test_a_text_beyond_measure_is_refused(ask):
    assert "characters" in ask("str", "check", status=400, text="#" * 400_001)["refused"]


@pytest.mark.parametrize(("name", "is_known"), [("greet", True), ("greeet", False)])
def test_functions_of_this_installation_are_known(ask, name, is_known):
    echo = '{type: echo, configuration: {output: {it: "{{.iterator}}"}}}'
    problems = ask("str", "check", text=GOOD.replace(echo, f"{{type: {name}, configuration: {{}}}}"))["problems"]
    assert any("no action" in problem["what"] for problem in problems) is not is_known


def test_a_dry_run_tells_every_move_and_call_and_makes_nothing(ask):
    script = "call: [{state: SERVER_ERROR, error: down}, {output: {id: i-1}}]"
    done = ask("str", "dry-run", text=GOOD, inputs="whom: Ann", resolver_inputs="score: 5", script=script)
    assert (done["state"], done["title"], done["result"]) == ("DONE", "Written for Ann", "got: i-1\n")
    moves = [(each["step"], each["after"]) for each in done["moments"] if each["kind"] == "step"]
    assert ("call", "SERVER_ERROR") in moves
    assert moves.index(("call", "SERVER_ERROR")) < moves.index(("call", "DONE"))
    calls = [call for each in done["moments"] for call in each["calls"] if call["step"] == "call"]
    assert [call["attempt"] for call in calls] == [1, 2]
    assert "https://example.org/Ann" in calls[0]["configuration"]
    assert max(each["seconds"] for each in done["moments"]) > 1
    assert not Task.objects.exists()


def test_a_dry_run_shows_no_configuration_item(ask, monkeypatch):
    from dataclasses import replace

    from tasks.services import dry_runs

    known = replace(dry_runs.installation(), config={"hush": "open sesame"})
    monkeypatch.setattr(dry_runs, "installation", lambda: known)
    done = ask("adm", "dry-run", text=GOOD, inputs="whom: Ann", script="call: {output: {id: 1}}")
    assert "SECRET" in done["outputs"]["after"]
    assert "open sesame" not in json.dumps(done)


def test_a_dry_run_that_waits_says_so(ask):
    done = ask("str", "dry-run", text=GOOD, inputs="whom: Ann", script="call: {state: WAITING}")
    assert done["state"] == "WAITING"


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        ("inputs", "", "whom"),
        ("inputs", "[1]", "a mapping is expected"),
        ("inputs", "whom: [", "inputs"),
        ("resolver_inputs", "score: high", "score"),
        ("script", "call: {state: BROKEN}", "BROKEN"),
        ("script", "call: 3", "call"),
    ],
)
def test_what_a_dry_run_is_given_is_checked_field_by_field(ask, field, text, why):
    given = {"inputs": "whom: Ann", field: text}
    refused = ask("str", "dry-run", status=400, text=GOOD, **given)
    assert list(refused["fields"]) == [field]
    assert why in refused["refused"]


def test_a_refused_text_is_not_run(ask):
    assert "refused" in ask("str", "dry-run", status=400, text="name: x")["refused"]


def test_a_dry_run_without_end_is_stopped_and_says_why(ask):
    text = GOOD.replace("retry_pattern: seconds", "retry_pattern: seconds\n    max_retries: -1")
    done = ask("str", "dry-run", text=text, inputs="whom: Ann", script="call: {state: SERVER_ERROR, error: down}")
    assert done["cut_off"] or done["state"] == "BLOCKED_MAXRETRIES"


def test_completion_knows_templates_configurations_and_functions(visit):
    known = json.loads(visit("str").client.get("/admin/editor/known/").content)
    assert "steps" in known["template"]["properties"]
    assert "url" in known["configurations"]["http"]["properties"]
    assert "greet" in known["about"]
    assert "type: http" in known["skeletons"]["http"]


def test_every_skeleton_of_an_action_is_yaml_with_the_keys_it_needs(visit):
    import yaml

    for name, text in json.loads(visit("str").client.get("/admin/editor/known/").content)["skeletons"].items():
        step = yaml.safe_load(text)[f"{name}Step"]
        assert step["action"]["type"] == name


def test_a_stored_template_is_opened_and_a_missing_one_is_not_found(visit):
    assert "greets somebody" in visit("str").get("editor/?template=hello")
    visit("str").get("editor/?template=nowhere", status=404)


def test_saving_writes_the_file_and_loads_it(ask, folder):
    saved = ask("adm", "save", text=GOOD, mark="")
    assert (folder / "written.yaml").read_text() == GOOD
    assert Template.objects.get(name="written").current.number == 1
    changed = GOOD.replace("Written in", "Changed in")
    assert ask("adm", "save", text=changed, mark=saved["mark"])["mark"] != saved["mark"]
    assert (folder / "written.yaml").read_text() == changed
    assert Template.objects.get(name="written").current.number == 2
    assert [file.name for file in folder.iterdir()] == ["written.yaml"]


def test_saving_over_what_somebody_else_changed_is_refused(ask, folder):
    mark = ask("adm", "save", text=GOOD, mark="")["mark"]
    (folder / "written.yaml").write_text(GOOD + "# theirs\n")
    assert "somebody else" in ask("adm", "save", status=409, text=GOOD, mark=mark)["refused"]
    assert (folder / "written.yaml").read_text().endswith("# theirs\n")


def test_a_file_that_is_there_is_not_overwritten_by_a_new_template_of_its_name(ask, folder):
    (folder / "written.yaml").write_text("# mine\n")
    ask("adm", "save", status=409, text=GOOD, mark="")
    assert (folder / "written.yaml").read_text() == "# mine\n"


def test_a_refused_text_is_not_saved(ask, folder):
    refused = ask("adm", "save", status=400, text="name: written")
    assert refused["fields"]["text"]
    assert not list(folder.iterdir())


@pytest.mark.parametrize("name", ["../written", "a/b", ".hidden"])
def test_a_name_leads_to_no_other_folder(ask, folder, name):
    ask("adm", "save", status=400, text=GOOD.replace("name: written", f'name: "{name}"'))
    assert not list(folder.parent.glob("*.yaml"))
    assert not list(folder.iterdir())


def test_saving_is_for_administrators(ask, folder):
    ask("own", "save", status=403, text=GOOD)
    assert not list(folder.iterdir())


def test_saving_is_off_unless_it_is_configured_and_the_button_says_why(ask, visit, folder, settings):
    settings.UTASK_EDITOR_SAVES = False
    ask("adm", "save", status=403, text=GOOD)
    assert "UTASK_EDITOR_SAVES" in visit("adm").get("editor/")


def test_in_maintenance_a_text_is_checked_but_not_saved(ask, folder, acting):
    load_templates()
    maintenance.switch(acting("adm"), on=True)
    assert ask("adm", "check", text=GOOD)["accepted"]
    ask("adm", "save", status=503, text=GOOD)
    assert not list(folder.iterdir())


def test_nobody_is_asked_to_log_in(visit):
    assert visit("").client.post("/admin/editor/check/", {"text": GOOD}).status_code == 302
