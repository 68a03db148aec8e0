"""JSON schemas, drafts 4, 6 and 7, as a step's ``json_schema`` is checked and applied to an output: the front door.

Own code, since the libraries at hand have regular expressions that can hang, resolve references late, compare all
elements with all others, and put whole values into messages. Values are plain JSON: numbers may be ``int``, ``float``,
``Decimal`` or ``JSONNumber``.
Source: docs/templates.md, "JSON schemas".
"""

from .drafts import normalise
from .errors import SchemaError
from .validating import Validator, check_schema, compile_schema

__all__ = ["SchemaError", "Validator", "check_schema", "compile_schema", "normalise"]
