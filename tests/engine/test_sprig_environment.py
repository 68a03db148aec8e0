"""What reaches outside is shut, unless the operator opens it."""

import pytest

from tasks.engine.gotemplate.golang import GoError
from tasks.engine.gotemplate.limits import Permissions
from tests.engine.sprig_calls import call

_OPEN = Permissions(environment=True, network=True)


@pytest.mark.parametrize(
    ("name", "argument"), [("env", "PATH"), ("expandenv", "$PATH"), ("getHostByName", "localhost")]
)
def test_it_is_refused_with_the_reason(name, argument):
    with pytest.raises(GoError, match=f"{name} .* does not allow"):
        call(name, argument)


def test_opening_the_environment_does_not_open_the_network():
    with pytest.raises(GoError):
        call("getHostByName", "localhost", permissions=Permissions(environment=True))
    with pytest.raises(GoError):
        call("env", "PATH", permissions=Permissions(network=True))


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$UTASK_A and ${UTASK_A}b", "one and oneb"),
        ("$UTASK_UNSET.", "."),
        ("5 $ and $.", "5 $ and $."),
        ("${} ${UTASK_A", " UTASK_A"),
        ("é$UTASK_A", "éone"),
    ],
)
def test_variables_are_read_where_the_environment_is_open(text, expanded, monkeypatch):
    monkeypatch.setenv("UTASK_A", "one")
    monkeypatch.delenv("UTASK_UNSET", raising=False)
    assert call("expandenv", text, permissions=_OPEN) == expanded
    assert call("env", "UTASK_A", permissions=_OPEN) == "one"
    assert call("env", "UTASK_UNSET", permissions=_OPEN) == ""


def test_a_host_is_found_where_the_network_is_open():
    assert call("getHostByName", "localhost", permissions=_OPEN) in ("127.0.0.1", "::1")


def test_a_host_that_is_not_found_is_an_error():
    with pytest.raises(GoError, match="no address"):
        call("getHostByName", "no such host", permissions=_OPEN)
