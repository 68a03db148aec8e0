"""sprig's regular expressions, in RE2's syntax and time. A bad pattern is an error; to regexMatch it is no match."""

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, NilStrings, Strings
from tasks.engine.gotemplate.limits import Run
from tasks.engine.gotemplate.regexps import Match, Pattern, RegexpError, compile_pattern
from tasks.engine.gotemplate.regexps import quote as quoted_pattern

FUNCTIONS: dict[str, Function] = {}

declare(FUNCTIONS, "regexQuoteMeta", "string")(quoted_pattern)


def _compiled(source: str) -> Pattern:
    try:
        return compile_pattern(source)
    except RegexpError as error:
        raise GoError(str(error)) from error


@declare(FUNCTIONS, "regexMatch", "string", "string")
def _matches(pattern: str, text: str) -> bool:
    try:
        return compile_pattern(pattern).matches(text)
    except RegexpError:
        return False


@declare(FUNCTIONS, "mustRegexMatch", "string", "string")
def _must_match(pattern: str, text: str) -> bool:
    return _compiled(pattern).matches(text)


@declare(FUNCTIONS, "regexFind mustRegexFind", "string", "string")
def _find(pattern: str, text: str) -> str:
    """The first match; nothing where there is none."""
    found = _compiled(pattern).find(text)
    return found.text if found is not None else ""


def _all_matches(run: Run, pattern: Pattern, text: str) -> list[Match]:
    """Every match. Raises LimitExceeded instead of going on to find more than a list may hold."""
    matches = pattern.find_all(text, run.limits.elements + 1)
    run.check_elements(len(matches))
    return matches


@declare(FUNCTIONS, "regexFindAll mustRegexFindAll", "string", "string", "int", with_run=True)
def _find_all(run: Run, pattern: str, text: str, limit: int) -> Strings:
    """The matches, at most so many unless the limit is negative."""
    compiled = _compiled(pattern)
    matches = compiled.find_all(text, limit) if 0 <= limit <= run.limits.elements else _all_matches(run, compiled, text)
    return Strings(match.text for match in matches) or NilStrings()


@declare(FUNCTIONS, "regexReplaceAll mustRegexReplaceAll", "string", "string", "string", with_run=True)
def _replace(run: Run, pattern: str, text: str, replacement: str) -> str:
    """Every match replaced; ``$1`` and ``${name}`` stand for groups."""
    compiled = _compiled(pattern)
    if (len(text) + 1) * (len(replacement) + 1) > min(run.limits.elements, run.limits.output_size):
        # Each reference in the replacement may stand for the whole match.
        references = replacement.count("$")
        matches = _all_matches(run, compiled, text)
        run.check_size(len(text) + sum(len(replacement) + references * len(match.text) for match in matches))
    return compiled.replace(text, replacement)


@declare(FUNCTIONS, "regexReplaceAllLiteral mustRegexReplaceAllLiteral", "string", "string", "string", with_run=True)
def _replace_literally(run: Run, pattern: str, text: str, replacement: str) -> str:
    compiled = _compiled(pattern)
    run.check_size(len(text) + len(_all_matches(run, compiled, text)) * len(replacement))
    return compiled.replace_literal(text, replacement)


@declare(FUNCTIONS, "regexSplit mustRegexSplit", "string", "string", "int", with_run=True)
def _split(run: Run, pattern: str, text: str, limit: int) -> Strings:
    """The text between the matches, in at most so many parts unless the limit is negative; none for 0."""
    if limit == 0:
        _compiled(pattern)
        return NilStrings()
    compiled = _compiled(pattern)
    if len(text) >= run.limits.elements:
        _all_matches(run, compiled, text)
    return Strings(compiled.split(text, limit))
