"""sprig's functions: which there are, and how many arguments they take."""

import json
from pathlib import Path

import pytest

from tasks.engine.gotemplate.sprig import FUNCTIONS

_LISTED = {
    row["name"]: row
    for row in json.loads((Path(__file__).parents[1] / "vectors" / "gotemplate" / "functions.json").read_text())
    if row["source"] == "sprig"
}


def test_every_function_of_sprig_is_there_and_no_other():
    assert set(FUNCTIONS) == set(_LISTED)


@pytest.mark.parametrize("name", sorted(set(_LISTED) - {"dig"}))
def test_a_function_takes_as_many_arguments_as_listed(name):
    function = FUNCTIONS[name]
    least = len(function.parameters)
    most = None if function.variadic is not None else least
    assert (least, most) == (_LISTED[name]["min"], _LISTED[name]["max"])


def test_a_function_knows_its_own_name():
    assert all(function.name == name for name, function in FUNCTIONS.items())
