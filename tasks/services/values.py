"""JSON and YAML texts to values and back, for both faces: numbers keep their notation.

Bodies of requests are JSON first, exactly; what is no JSON is read as YAML 1.1, as the original reads every body.
Source: docs/api.md, "Bodies".
"""

import re
from typing import Any

import yaml

from tasks.engine import goyaml
from tasks.engine.gotemplate import JSONNumber, dumps, loads
from tasks.engine.goyaml.scalars import resolve
from tasks.services.errors import BadRequest

__all__ = ["JSONNumber", "decode", "encode", "read_body", "to_yaml"]

decode = loads


def read_body(content: bytes) -> Any:
    """The value of a request's body. Raises BadRequest with the place where it cannot be read."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8: byte {error.start} cannot be read") from None
    try:
        return loads(text)
    except ValueError as not_json:
        try:
            return goyaml.read(text).value
        except goyaml.YAMLError as not_yaml:
            kind = not_json if text.lstrip()[:1] in ("{", "[") else not_yaml
            raise BadRequest(f"the body is neither JSON nor YAML: {kind}") from None


def encode(value: Any, *, indent: int = 0) -> str:
    """The value as JSON, keys in the order they have; ``<``, ``>`` and ``&`` escaped, as Go writes them.

    ``indent``: spaces a level, for people.
    """
    return dumps(value, html=True, sort_keys=False, indent=indent)


_LINE_ENDS = re.compile("[\x85\u2028\u2029]")


class _Dumper(yaml.SafeDumper):
    """Writes what ``read_body`` reads back: numbers as they are written, texts that look like others quoted."""


def _number(dumper: yaml.SafeDumper, number: JSONNumber) -> yaml.Node:
    kind = "int" if number.text.lstrip("-").isdigit() else "float"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", number.text)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    # Go's YAML takes more words for something else than PyYAML does: y, 1e3, 0o7.
    is_plain = isinstance(resolve(text, None), str) and text != "<<"
    # PyYAML writes the less common line ends as they are, and every reader takes them for a line's end.
    style = '"' if _LINE_ENDS.search(text) else None if is_plain else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


_Dumper.add_representer(JSONNumber, _number)
_Dumper.add_representer(str, _text)
# Names of states are texts with a class of their own; what serializers bring are mappings and lists of theirs.
_Dumper.add_multi_representer(str, _text)
_Dumper.add_multi_representer(dict, yaml.SafeDumper.represent_dict)
_Dumper.add_multi_representer(list, yaml.SafeDumper.represent_list)


def to_yaml(value: Any) -> str:
    """The value as YAML, keys in alphabetical order."""
    return yaml.dump(value, Dumper=_Dumper, allow_unicode=True, default_flow_style=False, sort_keys=True)
