"""sprig's dicts. ``set`` and ``unset`` change the dict they are given, the others make a new one."""

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, NilDict, StringDict, Strings, byte_key
from tasks.engine.gotemplate.printing import to_text
from tasks.engine.gotemplate.sprig.structures import deep_copy

FUNCTIONS: dict[str, Function] = {}

_Dict = dict[str, object]


@declare(FUNCTIONS, "dict", "any...")
def _dict(*keys_and_values: object) -> _Dict:
    """Keys and values in turn; a last key without a value gets an empty text."""
    made: _Dict = {}
    for index in range(0, len(keys_and_values), 2):
        following = keys_and_values[index + 1 : index + 2]
        made[to_text(keys_and_values[index])] = following[0] if following else ""
    return made


@declare(FUNCTIONS, "get", "dict", "string")
def _get(source: _Dict, key: str) -> object:
    return source.get(key, "")


@declare(FUNCTIONS, "set", "dict", "string", "any", changes=True)
def _set(target: _Dict, key: str, value: object) -> _Dict:
    if isinstance(target, NilDict):
        raise GoError("assignment to entry in nil map: there is no dict to set a key in")
    target[key] = value
    return target


@declare(FUNCTIONS, "unset", "dict", "string", changes=True)
def _unset(target: _Dict, key: str) -> _Dict:
    target.pop(key, None)
    return target


@declare(FUNCTIONS, "hasKey", "dict", "string")
def _has_key(source: _Dict, key: str) -> bool:
    return key in source


@declare(FUNCTIONS, "pluck", "string", "dict...")
def _pluck(key: str, *sources: _Dict) -> list[object]:
    return [source[key] for source in sources if key in source]


@declare(FUNCTIONS, "keys", "dict...")
def _keys(*sources: _Dict) -> Strings:
    """The keys of each dict in order; Go has them in no fixed one."""
    return Strings(key for source in sources for key in sorted(source, key=byte_key))


@declare(FUNCTIONS, "values", "dict")
def _values(source: _Dict) -> list[object]:
    """The values in the order of their keys; Go has them in no fixed one."""
    return [source[key] for key in sorted(source, key=byte_key)]


@declare(FUNCTIONS, "pick", "dict", "string...")
def _pick(source: _Dict, *keys: str) -> _Dict:
    return {key: source[key] for key in keys if key in source}


@declare(FUNCTIONS, "omit", "dict", "string...")
def _omit(source: _Dict, *keys: str) -> _Dict:
    return {key: value for key, value in source.items() if key not in keys}


@declare(FUNCTIONS, "dig", "any...")
def _dig(*keys_fallback_and_dict: object) -> object:
    """The value at a path of keys, or the fallback where a key is missing."""
    if len(keys_fallback_and_dict) < 3:
        raise GoError("dig needs at least three arguments: keys, what to take instead, and the dict")
    *keys, fallback, value = keys_fallback_and_dict
    if not all(isinstance(key, str) for key in keys):
        raise GoError("the keys of dig must be texts")
    for key in keys:
        if not isinstance(value, dict) or isinstance(value, StringDict):
            raise GoError(f"there is no dict in which to dig for {key}")
        if key not in value:
            return fallback
        value = value[key]
    return value


declare(FUNCTIONS, "deepCopy mustDeepCopy", "any", with_run=True)(deep_copy)
