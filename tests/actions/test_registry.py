"""Where actions come from, and what keeps one from loading."""

import importlib.metadata
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import actions
from actions import Action, ClientError, Context, Result, ServerError, Surroundings
from actions._contract import Cancellation
from actions._effects import CacheDelete, CacheGet
from actions._registry import RegisteredAction, Registry, UnknownAction

GOOD = """
    from actions import Action, Result, field

    class Weather(Action):
        '''Weather of a city.'''
        name = "weather"

        class Config:
            city: str = field(min_length=1)

        def run(self, cfg, ctx):
            return Result({"city": cfg.city})
"""

DECLARED = """from actions import Action, field


class A(Action):
    name = "x"

    def run(self, cfg, ctx): ...

    class Config:
"""

Drop = Callable[..., Path]


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    """``drop(name, text)``: put a file into the drop-in folder."""

    def write(name: str, text: str, folder: str = "own") -> Path:
        (tmp_path / folder).mkdir(exist_ok=True)
        file = tmp_path / folder / name
        file.write_text(textwrap.dedent(text))
        return file

    return write


@pytest.fixture
def discover(surroundings: Surroundings, tmp_path: Path) -> Callable[..., Registry]:
    def run(*folders: str) -> Registry:
        return Registry.discover(surroundings, ":".join(str(tmp_path / folder) for folder in folders or ("own",)))

    return run


def test_every_action_that_ships_is_there(registry):
    assert registry.names() == [
        "apiovh",
        "batch",
        "cache",
        "callback",
        "echo",
        "email",
        "http",
        "notify",
        "ping",
        "script",
        "ssh",
        "subtask",
        "tag",
    ]


def test_a_file_dropped_into_a_folder_is_found(drop, discover, context):
    file = drop("weather.py", GOOD)
    registry = discover()
    assert registry.problems == []
    action = registry.get("weather")
    assert (action.name, action.version, action.source, action.line) == ("weather", "1.0", str(file), 4)
    assert action.run(action.decode(None, {"city": "Oslo"}, context.surroundings), context).output == {"city": "Oslo"}


def test_a_file_may_hold_several_actions_and_share_code_with_its_neighbours(drop, discover):
    drop("_common.py", "from actions import Action\nclass Base(Action):\n    def run(self, cfg, ctx): return None\n")
    drop("two.py", "from ._common import Base\nclass A(Base): name = 'a1'\nclass B(Base): name = 'b1'\n")
    registry = discover()
    assert registry.problems == []
    assert {"a1", "b1"} < set(registry.names())


def test_a_file_beside_those_that_ship_is_found_without_a_word_elsewhere(drop, surroundings, tmp_path, monkeypatch):
    file = drop("weather.py", GOOD, folder="shipped")
    broken = drop("tide.py", "1 / 0", folder="shipped")
    monkeypatch.setattr(actions, "__path__", [*actions.__path__, str(tmp_path / "shipped")])
    registry = Registry.discover(surroundings)
    monkeypatch.delitem(sys.modules, "actions.weather")
    assert registry.get("weather").source == str(file)
    assert [(problem.source, problem.line) for problem in registry.problems] == [(str(broken), 1)]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("x = 1\nimport no_such_module\n", 2, "no_such_module"),
        ("def broken(:\n", 1, "SyntaxError"),
        ("x = 1\n\nraise SystemExit(3)\n", 3, "SystemExit"),
        ("x = 1\n", 0, "defines no action"),
        ("from actions import Action\nclass A(Action):\n    name = 'x'\n", 2, "does not define run()"),
        ("from actions import Action\nclass A(Action):\n    def run(self, cfg, ctx): ...\n", 2, "has no name"),
        (f"{DECLARED}        a: set = 1\n", 4, "cannot be declared"),
        (f"{DECLARED}        a = field()\n", 4, "Config.a has no type"),
    ],
)
def test_an_action_that_cannot_be_loaded_is_reported_with_its_line_and_the_others_load(
    drop, discover, text, line, said
):
    file = drop("broken.py", text)
    drop("weather.py", GOOD)
    registry = discover()
    [problem] = registry.problems
    assert (problem.source, problem.line, problem.level) == (str(file), line, "error")
    assert said in problem.error
    assert "weather" in registry.names()


def test_a_template_that_uses_a_broken_action_is_told_why(drop, discover):
    drop("weather.py", "import no_such_module")
    with pytest.raises(UnknownAction, match=r'"weather" could not be loaded: .*weather\.py:1: .*no_such_module'):
        discover().get("weather")


def test_a_misspelt_name_is_told_what_was_meant(registry):
    with pytest.raises(UnknownAction, match=r'unknown action "ehco"\. Did you mean "echo"\?'):
        registry.get("ehco")
    assert "echo" in registry
    assert "ehco" not in registry


def test_two_sources_with_one_name_are_an_error_that_names_both(drop, discover):
    first = drop("weather.py", GOOD)
    second = drop("weather.py", GOOD, folder="other")
    echo = drop("echo.py", GOOD.replace('"weather"', '"echo"'))
    registry = discover("own", "other")
    said = [str(problem) for problem in registry.problems]
    assert said == [
        f'{echo}:4: action "echo" exists already, from {registry.get("echo").source}:{registry.get("echo").line}',
        f'{second}:4: action "weather" exists already, from {first}:4',
    ]
    assert registry.get("weather").source == str(first)
    assert Path(registry.get("echo").source).name == "echo.py"


def test_a_missing_folder_is_a_warning(discover, tmp_path):
    [problem] = discover("nowhere").problems
    assert (problem.source, problem.error, problem.level) == (str(tmp_path / "nowhere"), "no such folder", "warning")


def test_a_packages_entry_point_is_found(drop, surroundings, tmp_path, monkeypatch):
    drop("mypackage.py", GOOD, folder="site")
    drop("brokenpackage.py", "1 / 0", folder="site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    points = [
        importlib.metadata.EntryPoint("whole", "mypackage", "utask.actions"),
        importlib.metadata.EntryPoint("broken", "brokenpackage", "utask.actions"),
        importlib.metadata.EntryPoint("number", "textwrap:dedent", "utask.actions"),
    ]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)
    registry = Registry.discover(surroundings)
    assert "weather" in registry.names()
    assert [(problem.name, problem.source) for problem in registry.problems] == [
        ("broken", "entry point broken (brokenpackage)"),
        ("number", "entry point number (textwrap:dedent)"),
    ]


# The one door


class Careless(Action):
    """Does what its configuration says, carelessly."""

    name = "careless"

    def run(self, cfg, ctx):
        match cfg:
            case "secret-value":
                raise KeyError(cfg)
            case "nothing":
                return None
            case "wrong":
                return {"output": 1}
            case "own":
                raise ClientError("mine", output=1)
        return Result(effects=(CacheGet("k"),))

    def resources(self, cfg):
        return [cfg["no"]["such"]]

    def answered(self, cfg, ctx, answer):
        return Result(effects=(CacheGet("k") if answer["again"] else CacheDelete("k"),))


CARELESS = RegisteredAction(Careless(), __file__, 1)


def test_an_unexpected_exception_is_a_server_error_that_shows_no_value(context: Context, caplog):
    with pytest.raises(ServerError, match=r"careless failed unexpectedly: KeyError at test_registry\.py:\d+") as raised:
        CARELESS.run("secret-value", context)
    assert "secret-value" not in raised.value.message
    [record] = caplog.records
    assert "secret-value" not in record.getMessage() + record.frames
    assert "test_registry.py" in record.frames


@pytest.mark.parametrize(("cfg", "said"), [("wrong", "TypeError"), ("secret-value", "KeyError")])
def test_anything_but_a_result_is_a_server_error(context, cfg, said):
    with pytest.raises(ServerError, match=said):
        CARELESS.run(cfg, context)


def test_an_actions_own_error_comes_through_and_no_result_is_an_empty_one(context):
    with pytest.raises(ClientError) as raised:
        CARELESS.run("own", context)
    assert (raised.value.message, raised.value.output) == ("mine", 1)
    assert CARELESS.run("nothing", context) == Result()


def test_a_check_that_fails_is_a_problem_of_the_template(surroundings):
    class Clumsy(Careless):
        name = "clumsy"

        def check(self, cfg, surroundings):
            yield cfg["no"]["such"]

    [problem] = RegisteredAction(Clumsy(), __file__, 1).check(None, {}, surroundings)
    assert (problem.path, problem.level) == ((), "error")
    assert "clumsy failed unexpectedly: KeyError" in problem.what


def test_resources_that_fail_are_a_server_error(surroundings):
    with pytest.raises(ServerError):
        CARELESS.resources({}, surroundings)


def test_an_answer_may_tell_but_not_ask_again(context):
    assert CARELESS.answered(None, context, {"again": False}).tellings == (CacheDelete("k"),)
    with pytest.raises(ServerError, match="TypeError"):
        CARELESS.answered(None, context, {"again": True})


def test_a_result_asks_at_most_one_question():
    with pytest.raises(ValueError, match="at most"):
        Result(effects=(CacheGet("a"), CacheGet("b")))
    result = Result(effects=(CacheDelete("a"), CacheGet("b"), CacheDelete("c")))
    assert result.question == CacheGet("b")
    assert result.tellings == (CacheDelete("a"), CacheDelete("c"))
    assert Result().question is None


# Stopping


def test_a_request_to_stop_calls_back_once_and_at_once_when_it_came_before():
    called = []
    cancelled = Cancellation()
    with cancelled.calling(lambda: called.append("left")):
        pass
    with cancelled.calling(lambda: called.append("first")), cancelled.calling(lambda: 1 / 0):
        assert not cancelled.is_set()
        cancelled.set()
        cancelled.set()
    assert cancelled.wait(0)
    with cancelled.calling(lambda: called.append("late")):
        pass
    assert called == ["first", "late"]
