"""Log lines: words and ids in three forms, and no way for a task's value to get into them."""

import json
import logging
import logging.config
import uuid

import pytest

from tasks.crypto.errors import KeyringError
from tasks.telemetry import logs


def record(message="step ended", error=None, **extra):
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.getLogger("tasks.test").makeRecord(
        "tasks.test", logging.ERROR, __file__, 1, message, (), info, extra=extra or None
    )
    made.created = 1_700_000_000.25
    return made


def raised(error, cause=None):
    """The error as it is once it has been raised."""
    try:
        raise error from cause
    except type(error) as caught:
        return caught


FORMATTERS = {"text": logs.TextFormatter(), "json": logs.JsonFormatter(), "gelf": logs.GelfFormatter()}


def test_a_text_line_has_the_words_and_the_fields_beside_them():
    line = FORMATTERS["text"].format(record(resolution=7, step="send mail", state=None, done=True))
    words, fields = "2023-11-14T22:13:20.250+00:00 error    tasks.test: step ended", 'resolution=7 step="send mail"'
    assert line == f"{words} {fields} state=None done=True"


def test_a_json_line_is_one_object():
    line = FORMATTERS["json"].format(record("two\nlines", resolution=uuid.UUID(int=1), logger="mine"))
    assert "\n" not in line
    document = json.loads(line)
    assert document["message"] == "two\nlines"
    assert document["resolution"] == "00000000-0000-0000-0000-000000000001"
    assert document["level"] == "error"
    assert document["time"] == "2023-11-14T22:13:20.250000+00:00"
    assert document["logger"] == "tasks.test"


def test_a_gelf_line_has_the_formats_own_names_and_ours_with_an_underscore():
    document = json.loads(FORMATTERS["gelf"].format(record(resolution=7)))
    assert document["version"] == "1.1"
    assert document["short_message"] == "step ended"
    assert document["level"] == 3
    assert document["timestamp"] == 1_700_000_000.25
    assert document["_resolution"] == 7
    assert document["host"]


@pytest.mark.parametrize("style", logs.FORMATS)
def test_what_is_no_plain_value_is_left_out_and_what_is_long_is_cut(style):
    line = FORMATTERS[style].format(
        record(output={"a": "canary"}, items=["canary"], secret=b"canary", text="x" * 300 + "canary")
    )
    assert "canary" not in line
    assert "x" * 200 in line
    assert "x" * 201 not in line


@pytest.mark.parametrize("style", logs.FORMATS)
def test_an_exception_tells_its_type_and_places_but_not_its_message(style):
    secret = "canary"
    line = FORMATTERS[style].format(record(error=raised(ValueError(secret), cause=KeyError(secret))))
    assert "canary" not in line
    assert "ValueError" in line
    assert "KeyError" in line
    assert "telemetry/test_logs.py" in line


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(111, "Connection refused"), KeyringError("encryption key 'storage' not found")]
)
def test_an_exception_that_speaks_of_our_surroundings_may_speak(error):
    assert str(error) in FORMATTERS["text"].format(record(error=raised(error)))


def test_an_exception_that_causes_itself_ends():
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert len(logs.exception_lines(first)) == 2


def test_results_of_jobs_are_cut_off_their_lines():
    line = record("Failed 'tasks.job' (purple-cat) - canary : Traceback\n canary")
    assert logs.WithoutResults().filter(line)
    assert line.getMessage() == "Failed 'tasks.job' (purple-cat)"


@pytest.mark.parametrize("style", logs.FORMATS)
def test_the_configuration_is_one_that_logging_accepts_and_writes_json_to_the_file(style, tmp_path):
    before = logging.root.handlers[:]
    levels = {name: logging.getLogger(name).level for name in (None, "tasks", "django-q")}
    file = tmp_path / "utask.log"
    logging.config.dictConfig(logs.configuration(style, debug=False, file=str(file)))
    try:
        logging.getLogger("tasks.test").info("step ended", extra={"step": "a"})
        logging.getLogger("tasks.test").debug("not said")
        file.rename(tmp_path / "moved")
        logging.getLogger("django-q").warning("after the move")
    finally:
        logging.root.handlers[:] = before
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        for name in ("django-q", "django", "django.server"):
            logging.getLogger(name).handlers.clear()
    (line,) = (tmp_path / "moved").read_text().splitlines()
    assert json.loads(line)["step"] == "a"
    assert json.loads(file.read_text())["message"] == "after the move"
