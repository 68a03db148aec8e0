"""From a class of annotated fields to its shapes: a declaration, understood.

``Declaration.of`` understands one, ``Declaration.read`` makes an instance of what a template says.
"""

from __future__ import annotations

import difflib
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from actions._contract import ConfigProblem
from actions._durations import parse_duration
from actions._fields import REQUIRED, Field
from actions._shapes import (
    UNKNOWN,
    BooleanShape,
    BooleanTextShape,
    DurationShape,
    FreeShape,
    IntegerShape,
    Layer,
    ListShape,
    MapShape,
    NumberTextShape,
    Reading,
    Shape,
    TextShape,
    after_null,
    type_word,
)


class ObjectShape(Shape):
    """A nested class of fields; keys match whatever their case."""

    words = "an object"

    def __init__(self, rule: Field, declaration: Declaration, *, optional: bool) -> None:
        super().__init__(rule)
        self.declaration = declaration
        self._optional = optional

    def read(self, layers: Sequence[Layer], reading: Reading) -> Any:
        fitting = []
        # Null clears an optional object; elsewhere (in a list) it says nothing.
        for layer in after_null(layers) if self._optional else layers:
            if layer.raw is None:
                fitting.append(Layer(layer.origin, layer.path, {}))
            elif isinstance(layer.raw, dict):
                fitting.append(layer)
            else:
                reading.fault(layer, self.rule, f"must be an object, not {type_word(layer.raw)}.", wrong_type=True)
        return self.declaration.read(fitting, reading) if fitting else UNKNOWN

    def schema(self) -> dict[str, Any]:
        return self.declaration.schema()


@dataclass(frozen=True)
class Declaration:
    """A class of declared fields, understood."""

    config: type[Any]
    shapes: Mapping[str, Shape]

    @classmethod
    def of(cls, config: type[Any]) -> Declaration:
        """Understand a class of annotated fields. Raises TypeError for what cannot be declared."""
        module = sys.modules.get(config.__module__)
        names = typing.get_type_hints(config, vars(module) if module else None, dict(vars(config)))
        shapes = {}
        for name, annotation in names.items():
            rule = getattr(config, name, REQUIRED)
            if not isinstance(rule, Field):
                rule = Field(default=rule)
            shapes[name] = shape_of(annotation, rule, f"{config.__qualname__}.{name}")
        for name, value in vars(config).items():
            if isinstance(value, Field) and name not in names:
                raise TypeError(f"{config.__qualname__}.{name} has no type: write {name}: str = field(…)")
        return cls(config, shapes)

    def read(self, layers: Sequence[Layer], reading: Reading) -> Any:
        """An instance of the declared class, every field set; faults are in ``reading.problems``."""
        folded = {name.casefold(): name for name in self.shapes}
        said: dict[str, list[Layer]] = {name: [] for name in self.shapes}
        for layer in layers:
            for key, raw in layer.raw.items():
                name = folded.get(str(key).casefold())
                if name is None:
                    self._report_unknown(str(key), layer, reading)
                else:
                    said[name].append(layer.inside(key, raw))
        instance = object.__new__(self.config)
        place = layers[-1] if layers else Layer("configuration", (), {})
        for name, shape in self.shapes.items():
            setattr(instance, name, self._value(shape, said[name], place.inside(name, None), reading))
        return instance

    @staticmethod
    def _value(shape: Shape, layers: Sequence[Layer], place: Layer, reading: Reading) -> Any:
        value = shape.read(layers, reading)
        if value is not UNKNOWN:
            return value
        default = shape.rule.default
        if default is REQUIRED:
            if all(layer.raw is None for layer in layers):
                reading.fault(place, shape.rule, "is required.", wrong_type=True)
            return shape.zero
        if isinstance(shape, DurationShape) and isinstance(default, str):
            return parse_duration(default)
        return default.copy() if isinstance(default, dict | list) else default

    def _report_unknown(self, key: str, layer: Layer, reading: Reading) -> None:
        mend = reading.former_keys.get(key.casefold(), "")
        if not mend and (close := difflib.get_close_matches(key.casefold(), list(self.shapes), n=1)):
            mend = f'Did you mean "{close[0]}"?'
        what = f'unknown key "{key}", which is ignored.'
        reading.problems.append(ConfigProblem((*layer.path, key), what, mend, "warning", layer.origin, error=None))

    def schema(self, *, strict: bool = False) -> dict[str, Any]:
        """JSON schema of the class; ``strict`` refuses unknown keys."""
        properties = {}
        for name, shape in self.shapes.items():
            properties[name] = {"description": shape.rule.help, **shape.schema()} if shape.rule.help else shape.schema()
        required = [name for name, shape in self.shapes.items() if shape.rule.default is REQUIRED]
        schema: dict[str, Any] = {"type": "object", "properties": properties}
        if strict:
            schema["additionalProperties"] = False
        return {**schema, "required": required} if required else schema


def shape_of(annotation: Any, rule: Field, place: str, *, optional: bool = False) -> Shape:
    """The shape of a declared type; ``optional``: it was written ``X | None``. Raises TypeError for an unknown one."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not type(None)]
        if len(inner) == 1:
            return shape_of(inner[0], rule, place, optional=True)
    if origin is list and arguments:
        return ListShape(rule, shape_of(arguments[0], _of_items(rule), place))
    if origin is dict and arguments[0] is str:
        return MapShape(rule, shape_of(arguments[1], _of_items(rule), place))
    match annotation, rule.kind:
        case (typing.Any, _):
            return FreeShape(rule)
        case (t, _) if t is str:
            return TextShape(rule)
        case (t, _) if t is timedelta:
            return DurationShape(rule)
        case (t, kind) if t is bool:
            return BooleanTextShape(rule) if kind == "bool_text" else BooleanShape(rule)
        case (t, kind) if t is int:
            return NumberTextShape(rule) if kind == "number_text" else IntegerShape(rule)
        case (type() as t, _) if getattr(t, "__annotations__", None):
            return ObjectShape(rule, Declaration.of(t), optional=optional)
    raise TypeError(f"{place}: {annotation!r} cannot be declared")


def _of_items(rule: Field) -> Field:
    """What a list's or map's rule says about each of its elements."""
    return Field(
        choices=rule.choices,
        secret=rule.secret,
        literal=rule.literal,
        check=rule.check,
        at_load=rule.at_load,
        at_run=rule.at_run,
    )
