"""The echo action."""

import pytest

from actions import ClientError, ServerError


def test_output_and_metadata_come_back_as_they_are(run_action):
    result = run_action("echo", {"output": {"a": [1, None]}, "metadata": {"HTTPStatus": 404}})
    assert (result.output, result.metadata) == ({"a": [1, None]}, {"HTTPStatus": 404})


@pytest.mark.parametrize("configuration", [None, {}, {"output": None}])
def test_nothing_said_is_nothing_given(run_action, configuration):
    assert run_action("echo", configuration).output is None


@pytest.mark.parametrize(
    ("error_type", "error"), [("client", ClientError), ("server", ServerError), ("", ServerError), (None, ServerError)]
)
def test_it_fails_as_told_with_exactly_that_message_and_keeps_its_output(run_action, error_type, error):
    with pytest.raises(error) as raised:
        run_action("echo", {"output": 1, "metadata": {"m": 2}, "error_message": "FAIL!", "error_type": error_type})
    assert type(raised.value) is error
    assert (raised.value.message, raised.value.output, raised.value.metadata) == ("FAIL!", 1, {"m": 2})


def test_unmarshal_reads_json_with_exact_numbers(run_action):
    output = run_action("echo", {"output": '{"a": 12345678901234567890}', "unmarshal": True}).output
    assert {key: str(value) for key, value in output.items()} == {"a": "12345678901234567890"}


def test_unmarshal_reads_yaml(run_action):
    assert run_action("echo", {"output": "a:\n  - yes\n  - x\n", "unmarshal": True}).output == {"a": [True, "x"]}


@pytest.mark.parametrize("output", [{"a": 1}, 5, None, "a: [", "{"])
def test_unmarshal_of_what_is_no_text_or_does_not_parse_is_a_server_error_without_output(run_action, output):
    with pytest.raises(ServerError, match="unmarshal") as raised:
        run_action(
            "echo",
            {
                "output": output,
                "unmarshal": True,
                "metadata": {"m": 1},
                "error_message": "lost",
                "error_type": "client",
            },
        )
    assert (raised.value.output, raised.value.metadata) == (None, None)


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({"error_type": "fatal"}, "error_type"),
        ({"error_type": "{{.input.x}}"}, "error_type"),
        ({"metadata": []}, "metadata: must be an object, not a list."),
        ({"error_message": 1}, "error_message"),
        ({"unmarshal": "sometimes"}, "unmarshal"),
        ([], "must be an object, not a list."),
        ("text", "must be an object, not a text."),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(refused, configuration, said):
    assert said in "\n".join(refused("echo", configuration))


def test_the_output_of_the_base_configuration_stands_unless_replaced_and_metadata_merge(run_action):
    base = {"output": "testingoutput", "metadata": {"a": 1, "b": 2}}
    assert run_action("echo", {"metadata": {"b": 3}}, base=base).output == "testingoutput"
    assert run_action("echo", {"metadata": {"b": 3}}, base=base).metadata == {"a": 1, "b": 3}
    assert run_action("echo", {"metadata": None}, base=base).metadata is None


def test_echo_runs_inline(registry):
    assert registry.get("echo").pure
