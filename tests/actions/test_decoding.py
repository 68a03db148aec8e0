"""How a base configuration and a step's own become one, and what is wrong with either."""

import json
from datetime import timedelta
from typing import Any

import pytest

from actions import Action, ClientError, Result, ServerError, field
from actions._contract import ConfigProblem, Surroundings
from actions._registry import RegisteredAction
from tasks.engine.gotemplate.jsontext import loads


class Inner:
    left: str = field(default="")
    right: str = field(default="")


class Everything:
    text: str = field(default="none")
    number: int = field(default=7)
    flag: bool = field(default=False)
    span: timedelta = field(default="5s")
    digits: int = field(default=1, kind="number_text")
    truth: bool = field(default=False, kind="bool_text")
    any: Any = field(default=None)
    texts: list[str] = field(default=[])
    map: dict[str, str] = field(default={})
    anything: dict[str, Any] | None = field(default=None)
    inner: Inner | None = field(default=None)
    inners: list[Inner] = field(default=[])
    maps: list[dict[str, str]] = field(default=[])


class Probe(Action):
    """An action that gives back its configuration."""

    name = "probe"
    Config = Everything

    def run(self, cfg, ctx):
        return Result()


PROBE = RegisteredAction(Probe(), __file__, 1)


def plain(value: Any) -> Any:
    if isinstance(value, Inner):
        return {"left": value.left, "right": value.right}
    return [plain(item) for item in value] if isinstance(value, list) else value


def decoded(surroundings: Surroundings, base: Any, configuration: Any) -> dict[str, Any]:
    cfg = PROBE.decode(base, configuration, surroundings)
    return {name: plain(value) for name, value in vars(cfg).items()}


def problems(surroundings: Surroundings, base: Any, configuration: Any, **options: Any) -> list[ConfigProblem]:
    return PROBE.check(base, configuration, surroundings, **options)


DEFAULTS = {
    "text": "none",
    "number": 7,
    "flag": False,
    "span": timedelta(seconds=5),
    "digits": 1,
    "truth": False,
    "any": None,
    "texts": [],
    "map": {},
    "anything": None,
    "inner": None,
    "inners": [],
    "maps": [],
}


@pytest.mark.parametrize("configuration", [None, {}, dict.fromkeys(DEFAULTS)])
def test_nothing_said_means_all_defaults(surroundings, configuration):
    assert decoded(surroundings, None, configuration) == DEFAULTS


def test_a_default_list_or_map_is_fresh_each_time(surroundings):
    PROBE.decode(None, {}, surroundings).texts.append("x")
    assert decoded(surroundings, None, {})["texts"] == []


@pytest.mark.parametrize(
    ("key", "base", "own", "expected"),
    [
        ("text", "base", "own", "own"),
        ("text", "base", None, "base"),
        ("number", 1, None, 1),
        ("flag", True, False, False),
        ("flag", True, None, True),
        ("any", {"a": 1}, [1], [1]),
        ("any", {"a": 1}, None, None),
        ("map", {"a": "1", "b": "2"}, {"b": "3", "c": None}, {"a": "1", "b": "3", "c": ""}),
        ("map", {"a": "1"}, {}, {"a": "1"}),
        ("map", {"a": "1"}, None, {}),
        ("anything", {"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"y": 2}}),
        ("anything", {"a": 1}, None, None),
        ("inner", {"left": "l", "right": "r"}, {"right": "R"}, {"left": "l", "right": "R"}),
        ("inner", {"left": "l"}, {"left": None, "right": "R"}, {"left": "l", "right": "R"}),
        ("inner", {"left": "l"}, None, None),
        ("texts", ["a", "b", "c"], ["x"], ["x"]),
        ("texts", ["a", "b"], ["x", None, None], ["x", "b", ""]),
        ("texts", ["a"], None, []),
        ("texts", ["a"], [], []),
        ("inners", [{"left": "a"}, {"left": "b"}], [{"right": "x"}], [{"left": "a", "right": "x"}]),
        ("inners", [{"left": "a"}], [None, {"right": "y"}], [{"left": "a", "right": ""}, {"left": "", "right": "y"}]),
        ("maps", [{"a": "1"}], [{"b": "2"}, {"c": "3"}], [{"a": "1", "b": "2"}, {"c": "3"}]),
    ],
)
def test_the_step_lies_over_its_base_by_kind_of_field(surroundings, key, base, own, expected):
    assert decoded(surroundings, {key: base}, {key: own})[key] == expected


def test_keys_match_in_any_letter_case_and_the_last_counts(surroundings):
    assert decoded(surroundings, {"TEXT": "a"}, {"Inner": {"LEFT": "l"}, "tExT": "b", "text": "c"}) == DEFAULTS | {
        "text": "c",
        "inner": {"left": "l", "right": ""},
    }


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("number", "12", 12),
        ("number", "-3", -3),
        ("flag", "true", True),
        ("flag", "F", False),
        ("span", "1m", timedelta(minutes=1)),
        ("digits", "007", 7),
        ("truth", "1", True),
        ("texts", '["a", "b"]', ["a", "b"]),
        ("map", '{"a": "b"}', {"a": "b"}),
        ("anything", '{"a": [1]}', {"a": [1]}),
        ("inners", '[{"left": "l"}]', [{"left": "l", "right": ""}]),
        ("number", "", 7),
        ("span", "", timedelta(seconds=5)),
        ("texts", "", []),
        ("texts", "null", []),
    ],
)
def test_a_rendered_text_becomes_what_is_declared(surroundings, key, text, expected):
    assert decoded(surroundings, None, {key: text})[key] == expected


def test_numbers_of_json_are_read_by_their_text(surroundings):
    assert decoded(surroundings, None, loads('{"number": 12345678901234567890}'))["number"] == 12345678901234567890


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("text", 1),
        ("text", True),
        ("text", ["a"]),
        ("span", 30),
        ("span", "30"),
        ("span", "1d"),
        ("truth", True),
        ("truth", "yes"),
        ("digits", 3),
        ("digits", "+3"),
        ("digits", "٣"),
        ("number", 1.5),
        ("number", "x"),
        ("number", True),
        ("flag", 1),
        ("flag", "on"),
        ("texts", "a"),
        ("texts", {"a": 1}),
        ("texts", [1]),
        ("map", ["a"]),
        ("map", {"a": 1}),
        ("map", {"a": True}),
        ("anything", [1]),
        ("inner", "x"),
        ("inner", []),
        ("inners", ["x"]),
        ("maps", [{"a": 1}]),
    ],
)
def test_what_does_not_fit_is_refused_in_the_step_and_in_its_base(surroundings, key, value):
    for base, own, origin in ((None, {key: value}, "configuration"), ({key: value}, {}, "base_configuration")):
        [problem] = problems(surroundings, base, own)
        assert (problem.path[0], problem.level, problem.origin) == (key, "error", origin)
        with pytest.raises(ClientError, match=key):
            PROBE.decode(base, own, surroundings)


def test_a_wrong_type_in_the_base_is_refused_even_where_the_step_replaces_it(surroundings):
    [problem] = problems(surroundings, {"text": 1}, {"text": "fine"})
    assert problem.origin == "base_configuration"


@pytest.mark.parametrize(
    "key", ["number", "flag", "span", "digits", "truth", "texts", "map", "anything", "inners", "maps"]
)
def test_a_handle_may_stand_wherever_a_value_is_declared(surroundings, key):
    assert problems(surroundings, None, {key: "{{ .input.x }}"}) == []


def test_every_problem_is_found_at_once_with_its_path(surroundings):
    wrong = {"text": 1, "inners": [{"left": "l"}, {"left": 2}], "map": {"k": 3}, "tetx": "x"}
    assert [str(problem) for problem in problems(surroundings, None, wrong)] == [
        'tetx: unknown key "tetx", which is ignored. Did you mean "text"?',
        "text: must be text, not a number. Put it in quotes.",
        "map.k: must be text, not a number. Put it in quotes.",
        "inners[1].left: must be text, not a number. Put it in quotes.",
    ]


def test_an_unknown_key_is_a_warning_and_an_error_when_asked_to_be_strict(surroundings):
    for strict, level in ((False, "warning"), (True, "error")):
        [problem] = problems(surroundings, None, {"inner": {"middle": "x"}}, strict=strict)
        assert (problem.path, problem.level) == (("inner", "middle"), level)
    assert decoded(surroundings, None, {"unknown": 1}) == DEFAULTS


@pytest.mark.parametrize("configuration", ["text", [], 5, True])
def test_a_configuration_that_is_no_object_is_refused(surroundings, configuration):
    [problem] = problems(surroundings, None, configuration)
    assert (problem.path, problem.level) == ((), "error")


def test_a_secret_is_never_shown():
    class Secretive(Action):
        name = "secretive"

        class Config:
            token: str = field(secret=True, check=lambda text: None if text.startswith("t-") else "must begin with t-.")
            kind: str = field(secret=True, choices=("a", "b"))

        def run(self, cfg, ctx):
            return Result()

    action = RegisteredAction(Secretive(), __file__, 1)
    found = action.check(None, {"token": "hunter2", "kind": "hunter2"}, Surroundings(loads, loads, str, loads, print))
    assert len(found) == 2
    assert "hunter2" not in "".join(map(str, found))


def test_a_field_says_what_its_mistake_raises_and_a_requesters_mistake_goes_first():
    class Strict(Action):
        name = "strict"

        class Config:
            late: int = field(default=0, at_load="warning", at_run=ServerError)
            early: int = field(default=0, le=5)

        def run(self, cfg, ctx):
            return Result()

    known = Surroundings(loads, loads, str, loads, print)
    action = RegisteredAction(Strict(), __file__, 1)
    assert [p.level for p in action.check(None, {"late": "x", "early": 9}, known)] == ["warning", "error"]
    with pytest.raises(ServerError, match="late"):
        action.decode(None, {"late": "x"}, known)
    with pytest.raises(ClientError, match=r"late: .*; early: "):
        action.decode(None, {"late": "x", "early": 9}, known)


def test_an_action_without_a_declared_configuration_takes_anything(surroundings):
    class Open(Action):
        name = "open"

        def run(self, cfg, ctx):
            return Result()

    action = RegisteredAction(Open(), __file__, 1)
    assert action.check(None, ["anything"], surroundings) == []
    assert action.decode(None, "text", surroundings) == "text"
    assert action.decode({"a": 1, "b": 1}, {"b": 2}, surroundings) == {"a": 1, "b": 2}
    assert action.decode({"a": 1}, None, surroundings) == {"a": 1}


def test_the_schema_for_editors_fits_what_is_accepted(registry):
    import jsonschema

    schema = registry.configuration_schema("http", strict=True)
    jsonschema.Draft7Validator.check_schema(schema)
    good = {
        "url": "http://h",
        "method": "{{.input.m}}",
        "timeout": "10s",
        "follow_redirect": "true",
        "auth": {"digest": {"user": "u", "password": "p"}},
        "headers": "{{.input.h}}",
        "root_ca": "x",
    }
    jsonschema.validate(good, schema)
    for bad in ({"method": "FETCH"}, {"timeout": "soon"}, {"timeout": 5}, {"auth": {"basic": {}}}, {"tiemout": "5s"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(good | bad, schema)
    jsonschema.validate(good | {"tiemout": "5s"}, registry.configuration_schema("http"))


def test_every_action_has_a_valid_schema_and_help_for_every_key(registry):
    import jsonschema

    for name in registry.names():
        schema = registry.configuration_schema(name)
        jsonschema.Draft7Validator.check_schema(schema)
        assert all(key.get("description") for key in schema["properties"].values()), name
        json.dumps(schema)
        if metadata := registry.metadata_schema(name):
            jsonschema.Draft7Validator.check_schema(metadata)
