"""The drafts that are known, which one a schema is of, and what each draft's schemas must look like.

The meta-schemas are written in draft 7's words for all three.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from tasks.engine.gotemplate.jsonnumbers import JSONNumber

from .errors import SchemaError


@dataclass(frozen=True)
class Draft:
    """One version of the language."""

    version: int
    url: str
    id_keyword: str

    @cached_property
    def meta_schema(self) -> Mapping[str, Any]:
        return _meta_schema(self.version)


DRAFTS: Final = (
    Draft(4, "http://json-schema.org/draft-04/schema#", "id"),
    Draft(6, "http://json-schema.org/draft-06/schema#", "$id"),
    Draft(7, "http://json-schema.org/draft-07/schema#", "$id"),
)
_BY_URL: Final = {draft.url: draft for draft in DRAFTS} | {"http://json-schema.org/schema#": DRAFTS[-1]}
_BY_VERSION: Final = {draft.version: draft for draft in DRAFTS}


def draft_of(schema: Any) -> Draft:
    """The draft that ``$schema`` names, else the number under ``version``, else draft 7. Raises SchemaError."""
    if not isinstance(schema, Mapping):
        return DRAFTS[-1]
    if "$schema" not in schema:
        version = schema.get("version")
        is_number = isinstance(version, int | float | JSONNumber) and not isinstance(version, bool)
        known = (draft for number, draft in _BY_VERSION.items() if is_number and version == number)
        return next(known, DRAFTS[-1])
    url = schema["$schema"]
    draft = _BY_URL.get(url) if isinstance(url, str) else None
    if draft is None:
        known_urls = ", ".join(each.url for each in DRAFTS)
        raise SchemaError(("$schema",), f"this version is not known: use one of {known_urls}")
    return draft


def draft_at(url: str) -> Draft | None:
    """The draft whose meta-schema has that address, with or without ``#``."""
    return _BY_URL.get(url.removesuffix("#") + "#")


def normalise(schema: Any) -> Any:
    """The schema with its ``$schema`` filled in and without ``version``; booleans stay. Raises SchemaError.

    Source: docs/templates.md, "JSON schemas".
    """
    if not isinstance(schema, Mapping) or "$schema" in schema:
        return schema
    return {
        "$schema": draft_of(schema).url,
        **{key: value for key, value in schema.items() if key != "version"},
    }


def _meta_schema(version: int) -> Mapping[str, Any]:
    schema: dict[str, Any] = {"$ref": "#"}
    least = 1 if version == 4 else 0
    texts = {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": least}
    schemas = {"type": "array", "minItems": 1, "items": schema}
    schema_by_name = {"type": "object", "additionalProperties": schema}
    count = {"type": "integer", "minimum": 0}
    text, flag, any_number = {"type": "string"}, {"type": "boolean"}, {"type": "number"}
    schema_or_flag = {"anyOf": [flag, schema]} if version == 4 else schema
    one_type = {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}
    reference = {"type": "string", "format": "uri-reference"}
    properties: dict[str, Any] = {
        "$schema": {"type": "string", "format": "uri"},
        "$ref": text if version == 4 else reference,
        "title": text,
        "description": text,
        "multipleOf": {"type": "number", "exclusiveMinimum": 0},
        "maximum": any_number,
        "minimum": any_number,
        "exclusiveMaximum": flag if version == 4 else any_number,
        "exclusiveMinimum": flag if version == 4 else any_number,
        "maxLength": count,
        "minLength": count,
        "pattern": {"type": "string", "format": "regex"},
        "additionalItems": schema_or_flag,
        "items": {"anyOf": [schema, schemas]},
        "maxItems": count,
        "minItems": count,
        "uniqueItems": flag,
        "maxProperties": count,
        "minProperties": count,
        "required": texts,
        "additionalProperties": schema_or_flag,
        "definitions": schema_by_name,
        "properties": schema_by_name,
        "patternProperties": {**schema_by_name, "propertyNames": {"format": "regex"}},
        "dependencies": {"type": "object", "additionalProperties": {"anyOf": [schema, texts]}},
        "enum": {"type": "array", "minItems": 1, "uniqueItems": True},
        "type": {"anyOf": [one_type, {"type": "array", "items": one_type, "minItems": 1, "uniqueItems": True}]},
        "format": {"type": "string", "format": "format"},
        "allOf": schemas,
        "anyOf": schemas,
        "oneOf": schemas,
        "not": schema,
    }
    if version == 4:
        properties["id"] = reference
    else:
        properties |= {"$id": reference, "examples": {"type": "array"}, "contains": schema, "propertyNames": schema}
    if version == 7:
        properties |= {
            "$comment": text,
            "readOnly": flag,
            "if": schema,
            "then": schema,
            "else": schema,
            "contentMediaType": {"type": "string", "format": "mediatype"},
            "contentEncoding": {"type": "string", "format": "encoding"},
        }
    meta: dict[str, Any] = {"type": "object" if version == 4 else ["object", "boolean"], "properties": properties}
    if version == 4:
        meta["dependencies"] = {"exclusiveMaximum": ["maximum"], "exclusiveMinimum": ["minimum"]}
    return meta
