"""Operands, commands and pipelines as closures.

Start at ``ExpressionCompiler.pipeline``. A closure takes the frame and the dot and gives a value. The mistakes that Go
finds only when it runs (arguments, arity, fields) are closures that fail.
Source: docs/template-language.md, "Language".
"""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from tasks.engine.gotemplate import nodes
from tasks.engine.gotemplate.access import field_of, method_of, walk
from tasks.engine.gotemplate.arguments import UNTOUCHED, converter, ideal, literal
from tasks.engine.gotemplate.calls import arity_mistake, call, failing, failure, parameter_at
from tasks.engine.gotemplate.errors import ActionFailed
from tasks.engine.gotemplate.frames import Frame, Piece
from tasks.engine.gotemplate.functions import Function, Parameter
from tasks.engine.gotemplate.golang import ABSENT, GoError, is_true
from tasks.engine.gotemplate.predefined import FUNCTIONS as PREDEFINED
from tasks.engine.gotemplate.scopes import UNSET, Scope, reader, set_variable

_CONSTANTS = (nodes.Bool, nodes.Number, nodes.String, nodes.Nil)
_SHORT_CIRCUITS = {"and": PREDEFINED["and"], "or": PREDEFINED["or"]}


class ExpressionCompiler:
    """Compiles what stands in the pipelines of one template."""

    def __init__(self, functions: Mapping[str, Function], scope: Scope) -> None:
        self._functions = functions
        self.scope = scope
        #: Whether something compiled so far wants the ``Run``; whether something may change the data.
        self.needs_run = False
        self.changes = False
        self._uncertain: list[list[int]] = []

    # Pipelines.

    def pipeline(self, pipe: nodes.Pipe) -> Piece:
        """The value of a pipeline; nil becomes ``ABSENT``, as Go forgets what it was nil of. Its variables are set."""
        evaluate = self.last_command(pipe)

        def value_of(frame: Frame, dot: object) -> object:
            value = evaluate(frame, dot)
            return ABSENT if value is None else value

        return self._setting(pipe, value_of) if pipe.variables else value_of

    def last_command(self, pipe: nodes.Pipe) -> Piece:
        """The value of a pipeline's last command as it is; the pipeline's variables are left alone."""
        final: Piece | None = None
        for command in pipe.commands:
            final = self._command(command, final)
        return cast(Piece, final)  # the parser refuses a pipeline without commands

    def _setting(self, pipe: nodes.Pipe, value_of: Piece) -> Piece:
        if pipe.assigns:
            return self._assigning(pipe, value_of)
        slots = [self._declare(variable.name) for variable in pipe.variables]

        def declare(frame: Frame, dot: object) -> object:
            value = value_of(frame, dot)
            for slot in slots:
                frame[slot] = value
            return value

        return declare

    def _declare(self, name: str) -> int:
        slot = self.scope.declare(name, certain=not self._uncertain)
        if self._uncertain:
            self._uncertain[-1].append(slot)
        return slot

    def _assigning(self, pipe: nodes.Pipe, value_of: Piece) -> Piece:
        setters = [self.setter(variable) for variable in pipe.variables]

        def assign(frame: Frame, dot: object) -> object:
            value = value_of(frame, dot)
            for setter in setters:
                setter(frame, value)
            return value

        return assign

    def setter(self, variable: nodes.Variable) -> Piece:
        """What puts a value (in the place of the dot) into a variable that exists."""
        slots, name, position = self.scope.slots_of(variable.name), variable.name, variable.position

        def assign(frame: Frame, value: object) -> None:
            if not set_variable(frame, slots, value):
                raise ActionFailed(f"undefined variable: {name}", position)

        return assign

    # Commands.

    def _command(self, command: nodes.Command, final: Piece | None) -> Piece:
        first, *rest = command.operands
        match first:
            case nodes.Identifier():
                return self._function(first, rest, final, command.position)
            case nodes.Field():
                if not rest and final is None:
                    return self._field(first)
                return self._chain(_dot, first.names, rest, final, first.position)
            case nodes.Variable():
                base = self._variable(first)
                if first.names:
                    return self._chain(base, first.names, rest, final, first.position)
                return base if not rest and final is None else self._not_a_function(first, final)
            case nodes.Chain():
                return self._chain(self._base(first), first.names, rest, final, first.position)
        if rest or final is not None:
            return self._not_a_function(first, final)
        if isinstance(first, nodes.Nil):
            return failing("nil is not a command", first.position)
        return self.value(first)

    def _not_a_function(self, operand: nodes.Operand, final: Piece | None) -> Piece:
        fail = failing("only a function takes arguments", operand.position)
        if final is None:
            return fail

        def evaluate_and_fail(frame: Frame, dot: object) -> object:
            final(frame, dot)
            return fail(frame, dot)

        return evaluate_and_fail

    def _base(self, chain: nodes.Chain) -> Piece:
        if isinstance(chain.base, nodes.Pipe):
            return self.pipeline(chain.base)
        return self._function(chain.base, [], None, chain.base.position)

    # Operands.

    def value(self, operand: nodes.Operand) -> Piece:
        """The value of an operand for a parameter of any type."""
        match operand:
            case nodes.Dot():
                return _dot
            case nodes.Field():
                return self._field(operand)
            case nodes.Variable():
                base = self._variable(operand)
                return self._chain(base, operand.names, [], None, operand.position) if operand.names else base
            case nodes.Pipe():
                return self.pipeline(operand)
            case nodes.Identifier():
                return self._function(operand, [], None, operand.position)
            case nodes.Chain():
                return self._chain(self._base(operand), operand.names, [], None, operand.position)
            case nodes.Number():
                try:
                    return _constant(ideal(operand))
                except GoError as error:
                    return failing(str(error), operand.position)
            case nodes.Bool() | nodes.String():
                return _constant(operand.value)
            case nodes.Nil():
                return _constant(None)

    def _variable(self, variable: nodes.Variable) -> Piece:
        slot, position = self.scope.certain_slot(variable.name), variable.position
        if slot is not None:
            return lambda frame, dot: frame[slot]
        search = reader(self.scope.slots_of(variable.name))

        def read(frame: Frame, dot: object) -> object:
            value = search(frame, dot)
            if value is UNSET:
                raise ActionFailed(f"undefined variable: {variable.name}", position)
            return value

        return read

    def _field(self, field: nodes.Field) -> Piece:
        """``.a.b``, without arguments: the most frequent operand, so its usual way is short."""
        names, position = field.names, field.position

        def other_way(dot: object) -> object:
            try:
                return walk(dot, names)
            except GoError as error:
                raise ActionFailed(str(error), position) from error

        if len(names) == 1:
            return _one_name(names[0], other_way)
        if len(names) == 2:
            return _two_names(names[0], names[1], other_way)
        return _many_names(names, other_way)

    def _chain(
        self, base: Piece, names: tuple[str, ...], rest: Sequence[nodes.Operand], final: Piece | None, position: int
    ) -> Piece:
        """Names after any base; the last may be a method with arguments."""
        *way, last = names
        method = _MethodCall(self, rest, final is not None, position)

        def follow(frame: Frame, dot: object) -> object:
            piped = () if final is None else (final(frame, dot),)
            receiver = base(frame, dot)
            try:
                receiver = walk(receiver, way)
                found = method_of(receiver, last)
                if found is None:
                    return field_of(receiver, last, given=method.has_arguments)
            except GoError as error:
                raise ActionFailed(str(error), position) from error
            return method.call(found, receiver, piped, frame, dot)

        return follow

    # Calls.

    def _function(
        self, name: nodes.Identifier, operands: Sequence[nodes.Operand], final: Piece | None, position: int
    ) -> Piece:
        function = self._functions[name.name]
        given = len(operands) + (final is not None)
        mistake = arity_mistake(function, given)
        if mistake is not None:
            return failing(mistake, position)
        self.needs_run = self.needs_run or function.with_run or function.slow
        self.changes = self.changes or function.changes
        if function is _SHORT_CIRCUITS.get(name.name):
            return self._short_circuit(function, operands, final)
        arguments = [self.argument(operand, parameter_at(function, place)) for place, operand in enumerate(operands)]
        if final is not None:
            final = converting(final, parameter_at(function, given - 1), position)
        return call(function, arguments, final, position)

    def _short_circuit(self, function: Function, operands: Sequence[nodes.Operand], final: Piece | None) -> Piece:
        """``and`` and ``or``: the first argument that decides is the result, those after it are not evaluated."""
        deciding = function.name == "or"
        self._uncertain.append([])
        arguments = [self.value(operand) for operand in operands]
        slots = self._uncertain.pop()
        if self._uncertain:
            self._uncertain[-1].extend(slots)

        def decide(frame: Frame, dot: object) -> object:
            for slot in slots:
                frame[slot] = UNSET
            value = ABSENT if final is None else final(frame, dot)
            last = value
            for argument in arguments:
                value = argument(frame, dot)
                if is_true(value) is deciding:
                    return value
            return value if final is None else last

        return decide

    def argument(self, operand: nodes.Operand, parameter: Parameter) -> Piece:
        """The argument that an operand makes for a parameter."""
        return _literal(operand, parameter) or converting(self.value(operand), parameter, operand.position)


class _MethodCall:
    """The arguments of a method, whose types are known only when the receiver is."""

    def __init__(
        self, compiler: ExpressionCompiler, operands: Sequence[nodes.Operand], piped: bool, position: int
    ) -> None:
        self.has_arguments = bool(operands) or piped
        self._piped = piped
        self._operands = operands
        self._position = position
        self._values = [compiler.value(operand) for operand in operands]
        self._compiled: dict[tuple[int, Parameter], Piece] = {}

    def call(self, method: Function, receiver: object, piped: tuple[object, ...], frame: Frame, dot: object) -> object:
        mistake = arity_mistake(method, len(self._operands) + self._piped)
        if mistake is not None:
            raise ActionFailed(mistake, self._position)
        arguments = [
            self._argument(place, parameter_at(method, place))(frame, dot) for place in range(len(self._operands))
        ]
        for value in piped:
            convert = converting(_constant(value), parameter_at(method, len(arguments)), self._position)
            arguments.append(convert(frame, dot))
        try:
            return method.call(receiver, *arguments)
        except Exception as error:
            raise failure(method.name, error, self._position) from error

    def _argument(self, place: int, parameter: Parameter) -> Piece:
        known = self._compiled.get((place, parameter))
        if known is None:
            operand = self._operands[place]
            known = _literal(operand, parameter) or converting(self._values[place], parameter, operand.position)
            self._compiled[place, parameter] = known
        return known


OtherWay = Callable[[object], object]


def _literal(operand: nodes.Operand, parameter: Parameter) -> Piece | None:
    """The argument that a constant makes for a parameter; None for what is no constant."""
    if not isinstance(operand, _CONSTANTS):
        return None
    try:
        return _constant(literal(operand, parameter))
    except GoError as error:
        return failing(str(error), operand.position)


def converting(evaluate: Piece, parameter: Parameter, position: int) -> Piece:
    """A value made into the argument for a parameter."""
    convert = converter(parameter)
    untouched = UNTOUCHED.get(parameter)

    def argument(frame: Frame, dot: object) -> object:
        value = evaluate(frame, dot)
        if type(value) is untouched:
            return value
        try:
            return convert(value)
        except GoError as error:
            raise ActionFailed(str(error), position) from error

    return argument


def _dot(frame: Frame, dot: object) -> object:
    return dot


def _constant(value: object) -> Piece:
    return lambda frame, dot: value


# A map of the data is a dict, so the usual way is plain indexing. Whatever else happens (an absent key, a method,
# a null) is for the other way to tell.


def _one_name(name: str, other_way: OtherWay) -> Piece:
    def read(frame: Frame, dot: dict[str, object]) -> object:
        try:
            return dot[name]
        except (KeyError, TypeError):
            return other_way(dot)

    return read


def _two_names(first: str, second: str, other_way: OtherWay) -> Piece:
    def read(frame: Frame, dot: dict[str, dict[str, object]]) -> object:
        try:
            return dot[first][second]
        except (KeyError, TypeError):
            return other_way(dot)

    return read


def _many_names(names: tuple[str, ...], other_way: OtherWay) -> Piece:
    def read(frame: Frame, dot: object) -> object:
        value = dot
        try:
            for name in names:
                value = value[name]  # type: ignore[index]  # what cannot be indexed goes the other way
            return value
        except (KeyError, TypeError):
            return other_way(dot)

    return read
