"""YAML as Go's yaml.v2 reads it, on libyaml's scanner: the front door.

``read`` gives a ``Document``: its ``root`` is a tree (``tasks.engine.nodes``) that knows the line of everything, its
``value`` the plain JSON value. In the tree an integer is an ``int`` and a number with fraction or exponent a ``float``,
because they become different texts where a text is wanted (``scalar_text``); ``json_value`` makes of a tree, or of
one scalar, what everything else works with: ``JSONNumber`` instead of both.
Source: docs/templates.md, "YAML".
"""

from .documents import Document, json_value, read, scalar_text
from .errors import YAMLError

__all__ = ["Document", "YAMLError", "json_value", "read", "scalar_text"]
