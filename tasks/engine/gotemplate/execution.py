"""A parsed text made executable: closures made once, executed with any data.

``compile_tree`` gives a ``Program``; ``Program.execute`` the result.
Source: docs/template-language.md, "Language".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tasks.engine.gotemplate import nodes
from tasks.engine.gotemplate.arguments import whole_number
from tasks.engine.gotemplate.calls import failing
from tasks.engine.gotemplate.errors import ActionFailed, ExecutionError
from tasks.engine.gotemplate.expressions import ExpressionCompiler
from tasks.engine.gotemplate.frames import FIRST_SLOT, MADE, MEMORY, RUN, WRITE, Frame, Piece
from tasks.engine.gotemplate.functions import Function
from tasks.engine.gotemplate.golang import (
    ABSENT,
    INTEGER_KINDS,
    GoError,
    Uint8,
    array_bytes,
    is_true,
    kind,
    type_name,
    unshared,
    valid_text,
)
from tasks.engine.gotemplate.jsonnumbers import JSONNumber
from tasks.engine.gotemplate.limits import ALL_SHUT, NO_LIMITS_GIVEN, LimitExceeded, Limits, Permissions, Run, Variables
from tasks.engine.gotemplate.printing import printed, sorted_keys, to_text
from tasks.engine.gotemplate.scopes import UNSET, Scope


class _LeaveLoop(Exception):
    """``{{break}}``."""


class _NextTurn(Exception):
    """``{{continue}}``."""


@dataclass(slots=True)
class _Template:
    """One compiled template: what it does, how many variables it has, and what it may do besides."""

    body: Piece
    slots: int
    needs_run: bool
    changes: bool


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled text. It may be executed by any number of threads at once."""

    text: str
    _main: _Template
    _needs_run: bool
    _changes: bool

    def execute(
        self,
        data: object,
        limits: Limits = NO_LIMITS_GIVEN,
        permissions: Permissions = ALL_SHUT,
        variables: Variables | None = None,
    ) -> str:
        """The result for that data, which is left as it is. Raises ExecutionError."""
        out: list[str] = []
        try:
            root = unshared(data) if self._changes else data
            run = Run(root, limits, permissions, variables, unshares=self._changes) if self._needs_run else None
            root = ABSENT if root is None else root
            frame: Frame = [root, out.append, run, 0, limits.memory]
            if self._main.slots > FIRST_SLOT:
                frame.extend([UNSET] * (self._main.slots - FIRST_SLOT))
            self._main.body(frame, root)
            return _joined(out, limits.output_size)
        except ActionFailed as error:
            raise self._error(error.message, error.position) from error.__cause__
        except LimitExceeded as error:
            raise self._error(str(error), 0) from None
        except RecursionError:
            raise self._error("the text or the data nests too deeply", 0) from None

    def _error(self, message: str, position: int) -> ExecutionError:
        return ExecutionError(message, self.text, position, _action_at(self.text, position))


def _joined(pieces: list[str], largest: int) -> str:
    size = sum(map(len, pieces))
    if size > largest:
        raise LimitExceeded("output_size", largest, f"the result has {size} characters")
    return valid_text("".join(pieces))


def _action_at(text: str, position: int) -> str:
    """The source of the action around a position."""
    start = max(text.rfind("{{", 0, position + 2), 0)
    end = text.find("}}", max(position, start))
    return text[start : end + 2 if end >= 0 else len(text)]


def compile_tree(tree: nodes.Tree, functions: Mapping[str, Function]) -> Program:
    """The program of a tree that was parsed with these functions."""
    templates: dict[str, _Template] = {}
    main = _compile_template(tree.body, functions, templates)
    for name, body in tree.definitions.items():
        templates[name] = main if body is tree.body else _compile_template(body, functions, templates)
    compiled = [main, *templates.values()]
    return Program(tree.text, main, any(one.needs_run for one in compiled), any(one.changes for one in compiled))


def _compile_template(
    body: nodes.Body, functions: Mapping[str, Function], templates: dict[str, _Template]
) -> _Template:
    scope = Scope()
    expressions = ExpressionCompiler(functions, scope)
    compiler = _Compiler(expressions, templates)
    compiled = compiler.body(body)
    return _Template(compiled, scope.slots, compiler.needs_run, expressions.changes)


class _Compiler:
    """Compiles what one template does."""

    def __init__(self, expressions: ExpressionCompiler, templates: dict[str, _Template]) -> None:
        self._expressions = expressions
        self._templates = templates
        self._loops = False

    @property
    def needs_run(self) -> bool:
        return self._loops or self._expressions.needs_run

    def body(self, body: nodes.Body) -> Piece:
        """All nodes of a body, one after the other; its variables end with it."""
        mark = self._expressions.scope.mark()
        pieces = tuple(self._node(node) for node in body)
        self._expressions.scope.restore(mark)
        if not pieces:
            return lambda frame, dot: None
        if len(pieces) == 1:
            return pieces[0]
        if len(pieces) == 2:
            first, second = pieces

            def both(frame: Frame, dot: object) -> None:
                first(frame, dot)
                second(frame, dot)

            return both

        def all_of_them(frame: Frame, dot: object) -> None:
            for piece in pieces:
                piece(frame, dot)

        return all_of_them

    def _node(self, node: nodes.Node) -> Piece:
        match node:
            case nodes.Text():
                return _writing(node.text)
            case nodes.Action():
                return self._action(node)
            case nodes.If():
                return self._conditional(node, moves_dot=False)
            case nodes.With():
                return self._conditional(node, moves_dot=True)
            case nodes.Range():
                return self._range(node)
            case nodes.TemplateCall():
                return self._template(node)
            case nodes.Break():
                return _raising(_LeaveLoop)
            case nodes.Continue():
                return _raising(_NextTurn)

    def _action(self, node: nodes.Action) -> Piece:
        if node.pipe.variables:
            return self._expressions.pipeline(node.pipe)
        evaluate, position = self._expressions.last_command(node.pipe), node.position

        def write(frame: Frame, dot: object) -> None:
            value = evaluate(frame, dot)
            if type(value) is str:
                frame[WRITE](value)
            elif type(value) is JSONNumber:
                frame[WRITE](value.text)
            else:
                write_printed(frame, value)

        def write_printed(frame: Frame, value: object) -> None:
            try:
                text = printed(value)
                frame[MADE] += len(text)
                if frame[MADE] > frame[MEMORY]:
                    raise LimitExceeded("memory", frame[MEMORY], "too much text is printed")
            except GoError as error:
                raise ActionFailed(str(error), position) from error
            frame[WRITE](text)

        return write

    def _conditional(self, node: nodes.If | nodes.With, *, moves_dot: bool) -> Piece:
        mark = self._expressions.scope.mark()
        branches = [(self._expressions.pipeline(branch.pipe), self.body(branch.body)) for branch in node.branches]
        otherwise = None if node.otherwise is None else self.body(node.otherwise)
        self._expressions.scope.restore(mark)

        def choose(frame: Frame, dot: object) -> None:
            for condition, body in branches:
                value = condition(frame, dot)
                if is_true(value):
                    body(frame, value if moves_dot else dot)
                    return
            if otherwise is not None:
                otherwise(frame, dot)

        return choose

    def _template(self, node: nodes.TemplateCall) -> Piece:
        self._loops = True
        templates, name, position = self._templates, node.name, node.position
        evaluate = (lambda frame, dot: ABSENT) if node.pipe is None else self._expressions.pipeline(node.pipe)
        fail = failing(f'template "{name}" not defined', position)

        def execute(frame: Frame, dot: object) -> None:
            template = templates.get(name)
            if template is None:
                fail(frame, dot)
                return
            run = frame[RUN]
            try:
                run.enter()
                run.count(1)
            except LimitExceeded as error:
                raise ActionFailed(str(error), position) from None
            root = evaluate(frame, dot)
            inner: Frame = [root, frame[WRITE], run, frame[MADE], frame[MEMORY]]
            inner.extend([UNSET] * (template.slots - FIRST_SLOT))
            template.body(inner, root)
            frame[MADE] = inner[MADE]
            run.leave()

        return execute

    def _range(self, node: nodes.Range) -> Piece:
        self._loops = True
        expressions, position = self._expressions, node.position
        mark = expressions.scope.mark()
        evaluate = expressions.pipeline(node.pipe)
        set_variables = self._turn_variables(node.pipe)
        body = _turn(node.body, self.body(node.body))
        weight = 1 + _weight(node.body)
        otherwise = None if node.otherwise is None else self.body(node.otherwise)
        expressions.scope.restore(mark)
        counts = len(node.pipe.variables) > 1

        def loop(frame: Frame, dot: object) -> None:
            value = evaluate(frame, dot)
            run = frame[RUN]
            turned = False
            try:
                for place, item in _turns(value, counts):
                    turned = True
                    run.count(weight)
                    if set_variables is not None:
                        set_variables(frame, (place, item))
                    body(frame, item)
                if not turned and otherwise is not None:
                    # Kept: a break in the else of a loop leaves this loop, although it can only stand in one around it.
                    otherwise(frame, dot)
            except _LeaveLoop:
                return
            except GoError as error:
                raise ActionFailed(str(error), position) from error

        return loop

    def _turn_variables(self, pipe: nodes.Pipe) -> Piece | None:
        """What sets a range's variables for one turn: place and item, or the item alone."""
        if not pipe.variables:
            return None
        setters = [self._expressions.setter(variable) for variable in pipe.variables]
        if len(setters) == 1:
            only = setters[0]
            return lambda frame, turn: only(frame, turn[1])
        first, second = setters

        def both(frame: Frame, turn: tuple[object, object]) -> None:
            first(frame, turn[0])
            second(frame, turn[1])

        return both


def _writing(text: str) -> Piece:
    return lambda frame, dot: frame[WRITE](text)


def _raising(leaving: type[Exception]) -> Piece:
    def leave(frame: Frame, dot: object) -> None:
        raise leaving

    return leave


def _turn(body: nodes.Body, compiled: Piece) -> Piece:
    """One turn of a loop, which ``{{continue}}`` may end early."""
    if not _has_continue(body):
        return compiled

    def turn(frame: Frame, dot: object) -> None:
        try:
            compiled(frame, dot)
        except _NextTurn:
            return

    return turn


def _bodies(node: nodes.Node) -> Iterator[nodes.Body]:
    """The bodies within a node."""
    if isinstance(node, nodes.If | nodes.With):
        yield from (branch.body for branch in node.branches)
    if isinstance(node, nodes.Range):
        yield node.body
    if isinstance(node, nodes.If | nodes.With | nodes.Range) and node.otherwise is not None:
        yield node.otherwise


def _has_continue(body: nodes.Body) -> bool:
    return any(isinstance(node, nodes.Continue) or any(map(_has_continue, _bodies(node))) for node in body)


def _weight(body: nodes.Body) -> int:
    """How many steps a body is: its nodes, those of inner loops not counted, as they count themselves."""
    return sum(1 + (0 if isinstance(node, nodes.Range) else sum(map(_weight, _bodies(node)))) for node in body)


def _turns(value: object, counts: bool) -> Iterator[tuple[object, object]]:
    """Place and item of each turn. Raises GoError for what cannot be ranged over.

    ``counts``: the loop wants both, which a number cannot give.
    """
    if isinstance(value, list | tuple):
        return enumerate(value)
    if value is ABSENT:
        return iter(())
    if isinstance(value, dict):
        return iter([(key, value[key]) for key in sorted_keys(value)])
    array = array_bytes(value)
    if array is not None:
        return enumerate(map(Uint8, array))
    number = isinstance(value, JSONNumber) or (kind(value) in INTEGER_KINDS and not isinstance(value, bool))
    whole = whole_number(value) if number else None
    if whole is None:
        raise GoError(f"cannot range over {to_text(value)[:60]}, which is a {type_name(value)}")
    if counts:
        raise GoError(f"a number gives one variable at each turn, not two: {whole}")
    # Each turn's number has the type of the whole: an int64 counts in int64.
    make: type[int] = type(value) if isinstance(value, int) else int
    return ((ABSENT, make(turn)) for turn in range(whole))
