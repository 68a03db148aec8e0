"""Files of templates become versions; what is refused leaves things as they were; what is gone is retired."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tasks.models import Function, LoadProblem, MemberKind, Template, TemplateVersion
from tasks.services import templates
from tasks.services.errors import NotFound
from tasks.services.identity import actor_named
from tasks.services.tasks import create_task
from tasks.services.templates import LoadReport, load_templates

pytestmark = pytest.mark.django_db

GOOD = """
name: {name}
description: a good template
title_format: a title
auto_runnable: true
allow_all_resolver_usernames: true
allowed_resolver_usernames: [ann]
steps:
  only:
    description: one
    action: {{type: echo, configuration: {{output: {output}}}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "templates"
    made.mkdir()
    return made


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    made = tmp_path / "functions"
    made.mkdir()
    return made


@pytest.fixture
def load(folder: Path, functions: Path) -> Callable[[], LoadReport]:
    return lambda: load_templates([folder], [functions])


def write(folder: Path, name: str, output: str = "1", file: str = "") -> Path:
    path = folder / (file or f"{name}.yaml")
    path.write_text(GOOD.format(name=name, output=output))
    return path


def test_a_file_becomes_a_template_with_a_first_version(folder: Path, load: Callable[[], LoadReport]) -> None:
    path = write(folder, "First One")
    assert load().created == ["first one"]
    template = templates.template_named("  FIRST one ")
    assert template.current is not None
    assert (template.current.number, template.current.source, template.current.file) == (1, path.read_text(), str(path))
    assert list(template.resolvers.values_list("kind", "name")) == [(MemberKind.USER, "ann")]
    assert templates.definition_of(template.current.pk).steps["only"].action.type == "echo"


def test_unchanged_content_makes_no_version_and_changed_content_one(
    folder: Path, load: Callable[[], LoadReport]
) -> None:
    path = write(folder, "one")
    load()
    path.write_text(path.read_text() + "\n# only a remark\n")
    assert (load().unchanged, TemplateVersion.objects.count()) == (["one"], 1)
    write(folder, "one", output="2")
    assert (load().changed, TemplateVersion.objects.count()) == (["one"], 2)
    assert templates.template_named("one").current.number == 2  # type: ignore[union-attr]


def test_a_task_keeps_the_version_of_its_birth(folder: Path, load: Callable[[], LoadReport]) -> None:
    write(folder, "one")
    load()
    task = create_task(actor_named("ann"), "one", {})
    write(folder, "one", output="2")
    load()
    assert task.version.number == 1
    assert create_task(actor_named("ann"), "one", {}).version.number == 2


def test_a_refused_file_is_told_with_its_place_and_the_others_load(
    folder: Path, load: Callable[[], LoadReport]
) -> None:
    write(folder, "good")
    (folder / "bad.yaml").write_text(GOOD.format(name="bad", output="1").replace("echo", "ecko"))
    (folder / "worse.yaml").write_text("name: [\n")
    report = load()
    assert (report.created, report.has_errors) == (["good"], True)
    assert {Path(problem.file).name for problem in report.problems} == {"bad.yaml", "worse.yaml"}
    [problem] = LoadProblem.objects.filter(file=str(folder / "bad.yaml"))
    assert (problem.step, problem.level) == ("only", "error")
    assert "ecko" in problem.excerpt
    assert f"{problem.line}:" in problem.excerpt


def test_a_file_that_becomes_wrong_leaves_the_last_good_version(folder: Path, load: Callable[[], LoadReport]) -> None:
    path = write(folder, "one")
    load()
    for text in (path.read_text().replace("echo", "ecko"), "name: [\n"):
        path.write_text(text)
        report = load()
        assert (report.has_errors, report.archived, report.deleted) == (True, [], [])
        assert templates.template_named("one").current.number == 1  # type: ignore[union-attr]
        assert not templates.is_blocked(templates.template_named("one"))


def test_a_mended_file_leaves_no_problem_behind(folder: Path, load: Callable[[], LoadReport]) -> None:
    path = folder / "one.yaml"
    path.write_text("name: [\n")
    load()
    assert LoadProblem.objects.exists()
    write(folder, "one")
    load()
    assert not LoadProblem.objects.exists()


def test_a_template_whose_file_is_gone_is_deleted_or_archived_where_tasks_refer_to_it(
    folder: Path, load: Callable[[], LoadReport]
) -> None:
    used, unused = write(folder, "used"), write(folder, "unused")
    load()
    create_task(actor_named("ann"), "used", {})
    used.unlink()
    unused.unlink()
    report = load()
    assert (report.archived, report.deleted) == (["used"], ["unused"])
    with pytest.raises(NotFound):
        templates.template_named("unused")
    archived = templates.template_named("used")
    assert templates.is_blocked(archived)
    assert templates.is_hidden(archived)
    assert load().archived == []


def test_a_file_that_comes_back_is_a_template_again(folder: Path, load: Callable[[], LoadReport]) -> None:
    path = write(folder, "one")
    load()
    create_task(actor_named("ann"), "one", {})
    path.unlink()
    load()
    write(folder, "one")
    assert load().unchanged == ["one"]
    assert not templates.is_blocked(templates.template_named("one"))


def test_another_folder_retires_nothing_of_this_one(
    folder: Path, functions: Path, tmp_path: Path, load: Callable[[], LoadReport]
) -> None:
    write(folder, "one")
    load()
    other = tmp_path / "other"
    other.mkdir()
    write(other, "two")
    report = load_templates([other], [functions])
    assert (report.created, report.deleted, report.archived) == (["two"], [], [])


def test_two_files_of_one_name_are_told_and_the_later_counts(folder: Path, load: Callable[[], LoadReport]) -> None:
    write(folder, "same", output="1", file="a.yaml")
    write(folder, "same", output="2", file="b.yml")
    report = load()
    assert any("replaces" in problem.what for problem in report.problems)
    assert templates.template_named("same").current.file.endswith("b.yml")  # type: ignore[union-attr]
    assert (report.created, report.changed) == (["same"], [])


def test_a_template_that_replaces_another_is_unchanged_when_both_are_loaded_again(
    folder: Path, load: Callable[[], LoadReport]
) -> None:
    write(folder, "same", output="1", file="a.yaml")
    write(folder, "same", output="2", file="b.yml")
    load()
    report = load()
    assert (report.changed, report.unchanged) == ([], ["same"])
    assert templates.template_named("same").versions.count() == 1


def test_templates_of_one_load_may_name_each_other_whatever_their_order(
    folder: Path, load: Callable[[], LoadReport]
) -> None:
    text = GOOD.format(name="a parent", output="1")
    (folder / "a.yaml").write_text(
        text.replace("echo, configuration: {output: 1}", "subtask, configuration: {template: the child}")
    )
    write(folder, "The Child", file="b.yaml")
    assert not load().has_errors


def test_a_missing_folder_of_templates_is_an_error_and_one_of_functions_a_warning(tmp_path: Path) -> None:
    report = load_templates([tmp_path / "none"], [tmp_path / "neither"])
    assert [problem.level for problem in report.problems] == ["warning", "error"]


FUNCTION = """
name: {name}
description: a function
action: {{type: echo, configuration: {{output: "{text} {{{{ .function_args.who }}}}"}}}}
"""
CALLER = GOOD.replace("type: echo, configuration: {{output: {output}}}", "type: greet, configuration: {{who: x}}")


def test_a_version_holds_the_functions_that_it_uses(
    folder: Path, functions: Path, load: Callable[[], LoadReport]
) -> None:
    (functions / "below").mkdir()
    (functions / "below" / "greet.yaml").write_text(FUNCTION.format(name="greet", text="hello"))
    (functions / ".hidden.yaml").write_text("name: [\n")
    (folder / "one.yaml").write_text(CALLER.format(name="one"))
    assert not load().has_errors
    assert Function.objects.get().name == "greet"
    first = templates.template_named("one").current
    (functions / "below" / "greet.yaml").write_text(FUNCTION.format(name="greet", text="good bye"))
    assert load().changed == ["one"]
    assert first is not None
    before = templates.definition_of(first.pk).functions["greet"].action.configuration
    assert before == {"output": "hello {{ .function_args.who }}"}


def test_a_function_whose_file_is_gone_is_no_function_any_more(
    folder: Path, functions: Path, load: Callable[[], LoadReport]
) -> None:
    path = functions / "greet.yaml"
    path.write_text(FUNCTION.format(name="greet", text="hello"))
    load()
    path.unlink()
    load()
    assert not Function.objects.exists()


@pytest.fixture
def configured(folder: Path, functions: Path, settings: Any) -> None:
    settings.UTASK_TEMPLATES_PATH, settings.UTASK_FUNCTIONS_PATH = [folder], [functions]


def test_the_command_ends_with_a_failure_when_a_file_is_refused(configured: None, folder: Path) -> None:
    write(folder, "good")
    out = StringIO()
    call_command("load_templates", stdout=out)
    assert "1 new" in out.getvalue()
    (folder / "bad.yaml").write_text("name: [\n")
    errors = StringIO()
    with pytest.raises(CommandError, match="files were refused"):
        call_command("load_templates", stdout=out, stderr=errors)
    assert "bad.yaml" in errors.getvalue()


def test_lint_says_what_is_wrong_and_stores_nothing(configured: None, folder: Path, tmp_path: Path) -> None:
    write(folder, "there")
    good = write(tmp_path, "good")
    out = StringIO()
    call_command("lint", str(good), stdout=out)
    assert "accepted" in out.getvalue()
    bad = tmp_path / "bad.yaml"
    bad.write_text(good.read_text().replace("echo", "ecko"))
    with pytest.raises(SystemExit):
        call_command("lint", str(good), str(bad), stdout=out)
    assert "bad.yaml:" in out.getvalue()
    assert not Template.objects.exists()


def test_lint_refuses_for_a_warning_only_when_asked_to_be_strict(configured: None, tmp_path: Path) -> None:
    good, doubtful = write(tmp_path, "good"), tmp_path / "doubtful.yaml"
    doubtful.write_text(good.read_text().replace("configuration: {", "configuration: {ouput: x, ", 1))
    out = StringIO()
    call_command("lint", str(doubtful), stdout=out)
    call_command("lint", "--strict", str(good), stdout=out)
    assert out.getvalue().startswith("warning: ")
    with pytest.raises(SystemExit, match="1"):
        call_command("lint", "--strict", str(doubtful), stdout=out)
    assert out.getvalue().endswith("refused\n")


def test_lint_sees_configured_templates_and_functions_and_checks_functions_too(
    configured: None, folder: Path, functions: Path, tmp_path: Path
) -> None:
    write(folder, "there")
    (functions / "greet.yaml").write_text(FUNCTION.format(name="greet", text="hello"))
    caller = tmp_path / "caller.yaml"
    caller.write_text(
        CALLER.format(name="caller")
        + "  child: {description: two, action: {type: subtask, configuration: {template: there}}}\n"
    )
    out = StringIO()
    call_command("lint", str(caller), str(functions / "greet.yaml"), stdout=out)
    assert "accepted" in out.getvalue()
