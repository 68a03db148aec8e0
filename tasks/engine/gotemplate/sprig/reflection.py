"""What a value is: typeOf, typeIs, typeIsLike, kindOf, kindIs; and deepEqual."""

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import kind, type_name
from tasks.engine.gotemplate.limits import Run
from tasks.engine.gotemplate.sprig.structures import deep_equal

FUNCTIONS: dict[str, Function] = {}

declare(FUNCTIONS, "typeOf", "any")(type_name)
declare(FUNCTIONS, "kindOf", "any")(kind)


@declare(FUNCTIONS, "typeIs", "string", "any")
def _type_is(name: str, value: object) -> bool:
    return type_name(value) == name


@declare(FUNCTIONS, "typeIsLike", "string", "any")
def _type_is_like(name: str, value: object) -> bool:
    """As typeIs; the star of a pointer may be left out."""
    return type_name(value) in (name, f"*{name}")


@declare(FUNCTIONS, "kindIs", "string", "any")
def _kind_is(name: str, value: object) -> bool:
    return kind(value) == name


@declare(FUNCTIONS, "deepEqual", "any", "any", with_run=True)
def _deep_equal(run: Run, left: object, right: object) -> bool:
    return deep_equal(run, left, right)
