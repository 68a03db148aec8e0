"""merge and mergeOverwrite: dicts laid over each other by the rules of mergo 1.0.

The first dict is changed and returned; dicts within dicts are merged, lists are taken whole.
Source: docs/template-language.md, "Merging".
"""

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, NilDict, StringDict, kind
from tasks.engine.gotemplate.limits import LimitExceeded, Run
from tasks.engine.gotemplate.sprig.defaults import is_empty

FUNCTIONS: dict[str, Function] = {}

_Dict = dict[str, object]


class _DoNotMerge(GoError):
    """A version against something else: mergo's error, which only the ``must`` functions show."""


@declare(FUNCTIONS, "mustMerge", "dict", "dict...", with_run=True, changes=True)
def _must_merge(run: Run, target: _Dict, *sources: _Dict) -> _Dict:
    """Keys that the target lacks, or has empty, are taken from the sources."""
    return _merged(run, target, sources, overwrite=False)


@declare(FUNCTIONS, "mustMergeOverwrite", "dict", "dict...", with_run=True, changes=True)
def _must_merge_overwrite(run: Run, target: _Dict, *sources: _Dict) -> _Dict:
    """Keys of the sources replace those of the target, the later the stronger."""
    return _merged(run, target, sources, overwrite=True)


@declare(FUNCTIONS, "merge", "dict", "dict...", with_run=True, changes=True)
def _merge(run: Run, target: _Dict, *sources: _Dict) -> object:
    """As mustMerge; an empty text where two values cannot be merged."""
    try:
        return _must_merge(run, target, *sources)
    except _DoNotMerge:
        return ""


@declare(FUNCTIONS, "mergeOverwrite", "dict", "dict...", with_run=True, changes=True)
def _merge_overwrite(run: Run, target: _Dict, *sources: _Dict) -> object:
    """As mustMergeOverwrite; an empty text where two values cannot be merged."""
    try:
        return _must_merge_overwrite(run, target, *sources)
    except _DoNotMerge:
        return ""


def _merged(run: Run, target: _Dict, sources: tuple[_Dict, ...], *, overwrite: bool) -> _Dict:
    if isinstance(target, NilDict) and not all(isinstance(source, NilDict) for source in sources):
        target = {}
    for source in sources:
        _lay_over(run, target, source, overwrite=overwrite, depth=0)
    return target


def _lay_over(run: Run, target: _Dict, source: _Dict, *, overwrite: bool, depth: int) -> None:
    if depth > run.limits.depth:
        raise LimitExceeded("depth", run.limits.depth, "the dict nests too deeply, or contains itself")
    for key, given in list(source.items()):
        if given is None:
            if overwrite:
                _assign(target, key, None)
            continue
        kept = target.get(key)
        source_kind, target_kind = kind(given), kind(kept)
        if isinstance(given, dict) and isinstance(kept, dict) and not isinstance(kept, NilDict):
            _lay_over(run, kept, given, overwrite=overwrite, depth=depth + 1)
        elif target_kind == "ptr" and source_kind in ("struct", "map") and not overwrite:
            raise _DoNotMerge(f"src and dst must be of same type: {key}")
        if not is_empty(kept) and (source_kind == "slice" or source_kind == target_kind == "map"):
            if source_kind == "slice" and overwrite:
                _assign(target, key, given)
            continue
        if overwrite or is_empty(kept):
            _assign(target, key, given)


def _assign(target: _Dict, key: str, value: object) -> None:
    if isinstance(target, StringDict) and not isinstance(value, str):
        raise GoError(f"{key}: a dict of texts takes no other value")
    target[key] = value
