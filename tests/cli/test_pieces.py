"""Small pieces of the command-line client: values, prompts, tables, settings."""

import pytest

from utask_cli.prompts import BadValue, ask_inputs, convert
from utask_cli.settings import SettingsError, read_settings
from utask_cli.tables import bar, table


@pytest.mark.parametrize(
    ("definition", "text", "value"),
    [
        ({}, "12", "12"),
        ({"type": "number"}, "12", 12),
        ({"type": "number"}, "1.5", 1.5),
        ({"type": "bool"}, "yes", True),
        ({"type": "bool"}, "False", False),
        ({"collection": True}, "a, b", ["a", "b"]),
        ({"collection": True, "type": "number"}, "1,2", [1, 2]),
        ({"type": "number"}, "", None),
    ],
)
def test_what_is_typed_becomes_the_type_of_the_input(definition, text, value):
    assert convert(definition, text) == value


@pytest.mark.parametrize(("kind", "text"), [("number", "twelve"), ("number", "true"), ("bool", "perhaps")])
def test_what_does_not_fit_is_refused(kind, text):
    with pytest.raises(BadValue):
        convert({"type": kind}, text)


def test_inputs_that_are_not_given_are_asked_until_they_fit():
    typed = iter(["many", "3", ""])
    said = []
    values = ask_inputs(
        [{"name": "id"}, {"name": "count", "type": "number"}, {"name": "note", "optional": True}],
        {"id": "x"},
        ask=lambda label: next(typed),
        say=said.append,
    )
    assert values == {"id": "x", "count": 3}
    assert said == ["'many' is no number"]


def test_a_required_input_cannot_be_passed_over():
    typed = iter(["", "now"])
    said = []
    assert ask_inputs([{"name": "id"}], {}, ask=lambda label: next(typed), say=said.append) == {"id": "now"}
    assert said == ["a value is required"]


def test_passwords_are_asked_without_echo_and_hidden_inputs_not_at_all():
    definitions = [{"name": "key", "type": "password"}, {"name": "inner", "hidden": True, "default": "x"}]
    values = ask_inputs(definitions, {}, ask=lambda label: pytest.fail(label), ask_secret=lambda label: "s3cret")
    assert values == {"key": "s3cret"}


def test_an_unknown_name_is_told():
    with pytest.raises(BadValue, match="no input 'nmae'"):
        ask_inputs([{"name": "name"}], {"nmae": "x"})


def test_tables_fit_the_terminal_and_hold_no_control_characters():
    lines = table(("ID", "TITLE"), [("1", "a" * 200), ("2", "red\x1b[31m\nline")], width=40).splitlines()
    assert all(len(line) <= 40 for line in lines)
    assert len(lines) == 3
    assert "\x1b" not in lines[2]


def test_the_bar_shows_the_share_that_is_done():
    assert bar(1, 2, width=4) == "[##--] 1/2"
    assert bar(0, 0, width=4) == "[----] 0/0"


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    file = tmp_path / "config.toml"
    file.write_text('url = "http://file/"\nuser = "ann"\npassword = "from-file"\n')
    monkeypatch.setenv("UTASK_CLI_CONFIG", str(file))
    monkeypatch.setenv("UTASK_URL", "http://environment/")
    for name in ("UTASK_USER", "UTASK_PASSWORD", "UTASK_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    settings = read_settings()
    assert (settings.url, settings.user) == ("http://environment", "ann")
    assert "from-file" not in repr(settings)


@pytest.mark.parametrize("content", ["url = ", 'server = "x"', "url = 3"])
def test_a_bad_file_is_told_with_its_name(tmp_path, monkeypatch, content):
    file = tmp_path / "config.toml"
    file.write_text(content)
    monkeypatch.setenv("UTASK_CLI_CONFIG", str(file))
    with pytest.raises(SettingsError, match=r"config\.toml"):
        read_settings()
