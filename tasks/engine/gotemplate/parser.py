"""Tokens to a tree, by the grammar of Go's ``text/template/parse``, mistakes included.

Start at ``parse``. Names of functions and variables are checked here, what they are given is not.
Source: docs/template-language.md, "Language".
"""

from collections.abc import Collection
from typing import NoReturn

from tasks.engine.gotemplate import nodes
from tasks.engine.gotemplate.constants import number
from tasks.engine.gotemplate.errors import ParseError
from tasks.engine.gotemplate.lexer import T, Token, tokenize
from tasks.engine.gotemplate.limits import DEEPEST
from tasks.engine.gotemplate.strconv import unquote

#: The name of the text itself among the templates that it may define: a text may even define it.
MAIN = "tmpl"

_OPERANDS = frozenset(
    {T.BOOL, T.CHARACTER_CONSTANT, T.COMPLEX, T.DOT, T.FIELD, T.IDENTIFIER, T.NUMBER, T.NIL}
    | {T.RAW_STRING, T.STRING, T.VARIABLE, T.LEFT_PAREN}
)
_NOT_EXECUTABLE = (nodes.Bool, nodes.Dot, nodes.Nil, nodes.Number, nodes.String)


def parse(text: str, functions: Collection[str], depth: int = DEEPEST) -> nodes.Tree:
    """The tree of a text that may use those functions. Raises ParseError for any text that is none."""
    words = frozenset({"break", "continue"} & set(functions))
    parser = _Parser(text, tokenize(text, words), functions, min(depth, DEEPEST))
    try:
        return parser.tree()
    except RecursionError:
        raise parser.error("nests too deeply", parser.peek()) from None


class _Parser:
    def __init__(self, text: str, tokens: list[Token], functions: Collection[str], depth: int) -> None:
        self._text = text
        self._tokens = tokens
        self._next = 0
        self._functions = functions
        self._depth_left = depth
        self._depth = depth
        self._variables = ["$"]
        self._ranges = 0
        self._definitions: dict[str, nodes.Body] = {}

    # Tokens.

    def peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        # The last token stays: whoever asks again gets the same end, or the same mistake.
        if self._next < len(self._tokens) - 1:
            self._next += 1
        return token

    def _peek_past_space(self) -> Token:
        token = self._tokens[self._next]
        if token.type is T.SPACE:
            self._next += 1
            token = self._tokens[self._next]
        return token

    def _take_past_space(self) -> Token:
        self._peek_past_space()
        return self._take()

    def _expect(self, kind: T, context: str) -> Token:
        token = self._take_past_space()
        if token.type is not kind:
            self._unexpected(token, context)
        return token

    def error(self, message: str, at: Token) -> ParseError:
        return ParseError(message, self._text, at.position)

    def _unexpected(self, token: Token, context: str) -> NoReturn:
        if token.type is T.ERROR:
            raise self.error(token.value, token)
        shown = f'"{token.value}"' if token.value else token.type.value
        raise self.error(f"unexpected {shown} in {context}", token)

    def _deeper(self, at: Token) -> None:
        self._depth_left -= 1
        if self._depth_left < 0:
            raise self.error(f"nests too deeply: limit depth = {self._depth}", at)

    # Bodies.

    def tree(self) -> nodes.Tree:
        body: list[nodes.Node] = []
        while self.peek().type is not T.EOF:
            start = self._next
            if self.peek().type is T.LEFT:
                self._take()
                if self._take_past_space().type is T.DEFINE:
                    self._definition()
                    continue
                self._next = start
            at = self.peek()
            found = self._text_or_action()
            if isinstance(found, Token):
                raise self.error(f"unexpected {{{{{found.value}}}}}", at)
            body.append(found)
        self._define(MAIN, tuple(body), self.peek())
        return nodes.Tree(self._text, self._definitions.get(MAIN, ()), self._definitions)

    def _define(self, name: str, body: nodes.Body, at: Token) -> None:
        """A template may be defined once; one of nothing but space gives way."""
        if _is_empty(self._definitions.get(name, ())):
            self._definitions[name] = body
        elif not _is_empty(body):
            raise self.error(f'multiple definition of template "{name}"', at)

    def _definition(self) -> None:
        context = "define clause"
        at = self._take_past_space()
        name = self._name(at, context)
        self._expect(T.RIGHT, context)
        self._define(name, self._separate_body(context, at), at)

    def _separate_body(self, context: str, at: Token) -> nodes.Body:
        """The body of a define or block, which sees neither the variables nor the loops around it."""
        outside = self._variables, self._ranges
        self._variables, self._ranges = ["$"], 0
        self._deeper(at)
        body, end = self._body()
        self._depth_left += 1
        self._variables, self._ranges = outside
        if end.type is not T.END:
            raise self.error(f"unexpected {{{{{end.value}}}}} in {context}", end)
        return body

    def _body(self) -> tuple[nodes.Body, Token]:
        """Everything up to an end or else, and that token."""
        found: list[nodes.Node] = []
        while self._peek_past_space().type is not T.EOF:
            node = self._text_or_action()
            if isinstance(node, Token):
                return tuple(found), node
            found.append(node)
        raise self.error("unexpected end of text: an {{end}} is missing", self.peek())

    def _text_or_action(self) -> nodes.Node | Token:
        """A node; or the token of an end or an else, past which the caller reads on."""
        token = self._take_past_space()
        if token.type is T.TEXT:
            return nodes.Text(token.position, token.value)
        if token.type is not T.LEFT:
            self._unexpected(token, "input")
        return self._action()

    # Actions.

    def _action(self) -> nodes.Node | Token:
        token = self._peek_past_space()
        if token.type not in _CONTROLS:
            return nodes.Action(token.position, self._pipeline("command", T.RIGHT))
        self._take()
        match token.type:
            case T.BLOCK:
                return self._block(token)
            case T.BREAK | T.CONTINUE:
                return self._loop_control(token)
            case T.END:
                self._expect(T.RIGHT, "end")
                return token
            case T.ELSE:
                if self._peek_past_space().type not in (T.IF, T.WITH):
                    self._expect(T.RIGHT, "else")
                return token
            case T.TEMPLATE:
                return self._template(token)
            case T.RANGE:
                return self._range(token)
            case _:
                return self._chain_of_branches(token)

    def _loop_control(self, token: Token) -> nodes.Node:
        self._expect(T.RIGHT, f"{{{{{token.value}}}}}")
        if not self._ranges:
            raise self.error(f"{{{{{token.value}}}}} outside {{{{range}}}}", token)
        return nodes.Break(token.position) if token.type is T.BREAK else nodes.Continue(token.position)

    def _chain_of_branches(self, first: Token) -> nodes.Node:
        """An if or with, and the ``else if`` or ``else with`` that follow it."""
        context = first.value
        known = len(self._variables)
        self._deeper(first)
        branches: list[nodes.Branch] = []
        otherwise: nodes.Body | None = None
        while True:
            pipe = self._pipeline(context, T.RIGHT)
            body, end = self._body()
            branches.append(nodes.Branch(pipe, body))
            if end.type is T.END:
                break
            if self._peek_past_space().type is first.type:
                self._take()
                continue
            otherwise = self._else_body()
            break
        del self._variables[known:]
        self._depth_left += 1
        kind = nodes.If if first.type is T.IF else nodes.With
        return kind(first.position, tuple(branches), otherwise)

    def _else_body(self) -> nodes.Body:
        body, end = self._body()
        if end.type is not T.END:
            raise self.error("expected {{end}}, found {{else}}", end)
        return body

    def _range(self, token: Token) -> nodes.Node:
        known = len(self._variables)
        self._deeper(token)
        pipe = self._pipeline("range", T.RIGHT)
        self._ranges += 1
        body, end = self._body()
        self._ranges -= 1
        otherwise = self._else_body() if end.type is T.ELSE else None
        del self._variables[known:]
        self._depth_left += 1
        return nodes.Range(token.position, pipe, body, otherwise)

    def _block(self, token: Token) -> nodes.Node:
        context = "block clause"
        at = self._take_past_space()
        name = self._name(at, context)
        pipe = self._pipeline(context, T.RIGHT)
        self._define(name, self._separate_body(context, at), at)
        return nodes.TemplateCall(token.position, name, pipe)

    def _template(self, token: Token) -> nodes.Node:
        context = "template clause"
        name = self._name(self._take_past_space(), context)
        if self._peek_past_space().type is T.RIGHT:
            self._take()
            return nodes.TemplateCall(token.position, name, None)
        return nodes.TemplateCall(token.position, name, self._pipeline(context, T.RIGHT))

    def _name(self, token: Token, context: str) -> str:
        if token.type not in (T.STRING, T.RAW_STRING):
            self._unexpected(token, context)
        return self._unquoted(token)

    def _unquoted(self, token: Token) -> str:
        try:
            return unquote(token.value)
        except ValueError:
            raise self.error("invalid escape in a quoted string", token) from None

    # Pipelines.

    def _pipeline(self, context: str, end: T) -> nodes.Pipe:
        start = self._peek_past_space()
        variables, assigns = self._variables_of_pipeline(context)
        commands: list[nodes.Command] = []
        while True:
            token = self._peek_past_space()
            if token.type is end:
                self._take()
                break
            if token.type not in _OPERANDS:
                self._unexpected(token, context)
            commands.append(self._command())
        if not commands:
            raise self.error(f"missing value for {context}", token)
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.operands[0], _NOT_EXECUTABLE):
                raise ParseError(
                    f"non executable command in pipeline stage {stage}", self._text, command.operands[0].position
                )
        return nodes.Pipe(start.position, variables, assigns, tuple(commands))

    def _variables_of_pipeline(self, context: str) -> tuple[tuple[nodes.Variable, ...], bool]:
        """What stands before := or =; nothing where a variable begins an ordinary pipeline."""
        found: list[nodes.Variable] = []
        while True:
            token = self._peek_past_space()
            if token.type is not T.VARIABLE:
                return tuple(found), False
            start = self._next
            self._take()
            after = self._peek_past_space()
            if after.type in (T.ASSIGN, T.DECLARE):
                self._take()
                found.append(self._known(token))
                return tuple(found), after.type is T.ASSIGN
            if after.type is not T.CHAR or after.value != ",":
                self._next = start
                return tuple(found), False
            self._take()
            found.append(self._known(token))
            if context != "range" or len(found) > 1:
                raise self.error(f"too many declarations in {context}", after)
            if self._peek_past_space().type not in (T.VARIABLE, T.RIGHT, T.RIGHT_PAREN):
                raise self.error("range can only initialize variables", self.peek())

    def _known(self, token: Token) -> nodes.Variable:
        self._variables.append(token.value)
        return nodes.Variable(token.position, token.value)

    def _command(self) -> nodes.Command:
        start = self._peek_past_space()
        operands: list[nodes.Operand] = []
        while True:
            self._peek_past_space()
            operand = self._operand()
            if operand is not None:
                operands.append(operand)
            token = self.peek()
            if token.type is T.SPACE:
                self._take()
                continue
            if token.type is T.PIPE:
                self._take()
            elif token.type not in (T.RIGHT, T.RIGHT_PAREN):
                self._unexpected(token, "operand")
            break
        if not operands:
            raise self.error("empty command", start)
        return nodes.Command(start.position, tuple(operands))

    def _operand(self) -> nodes.Operand | None:
        """A term and the fields that follow it at once; None where no operand begins."""
        start = self.peek()
        term = self._term()
        if term is None or self.peek().type is not T.FIELD:
            return term
        names: list[str] = []
        while self.peek().type is T.FIELD:
            names.append(self._take().value[1:])
        match term:
            case nodes.Field():
                return nodes.Field(term.position, (*term.names, *names))
            case nodes.Variable():
                return nodes.Variable(term.position, term.name, (*term.names, *names))
            case nodes.Pipe() | nodes.Identifier():
                return nodes.Chain(term.position, term, tuple(names))
            case _:
                raise self.error(f'unexpected . after term "{start.value}"', start)

    def _term(self) -> nodes.Operand | None:
        token = self._peek_past_space()
        build = _TERMS.get(token.type)
        if build is None:
            return None
        self._take()
        return build(self, token)

    def _function(self, token: Token) -> nodes.Operand:
        if token.value not in self._functions:
            raise self.error(f'function "{token.value}" not defined', token)
        return nodes.Identifier(token.position, token.value)

    def _variable(self, token: Token) -> nodes.Operand:
        if token.value not in self._variables:
            raise self.error(f'undefined variable "{token.value}"', token)
        return nodes.Variable(token.position, token.value)

    def _number(self, token: Token) -> nodes.Operand:
        try:
            return number(token.type, token.position, token.value)
        except ValueError as error:
            raise self.error(str(error), token) from None

    def _string(self, token: Token) -> nodes.Operand:
        return nodes.String(token.position, self._unquoted(token))

    def _parenthesized(self, token: Token) -> nodes.Operand:
        self._deeper(token)
        pipe = self._pipeline("parenthesized pipeline", T.RIGHT_PAREN)
        self._depth_left += 1
        return pipe


_CONTROLS = frozenset({T.BLOCK, T.BREAK, T.CONTINUE, T.ELSE, T.END, T.IF, T.RANGE, T.TEMPLATE, T.WITH})

_TERMS = {
    T.IDENTIFIER: _Parser._function,
    T.DOT: lambda _, token: nodes.Dot(token.position),
    T.NIL: lambda _, token: nodes.Nil(token.position),
    T.VARIABLE: _Parser._variable,
    T.FIELD: lambda _, token: nodes.Field(token.position, (token.value[1:],)),
    T.BOOL: lambda _, token: nodes.Bool(token.position, token.value == "true"),
    T.CHARACTER_CONSTANT: _Parser._number,
    T.COMPLEX: _Parser._number,
    T.NUMBER: _Parser._number,
    T.STRING: _Parser._string,
    T.RAW_STRING: _Parser._string,
    T.LEFT_PAREN: _Parser._parenthesized,
}


def _is_empty(body: nodes.Body) -> bool:
    """Nothing but space."""
    return all(isinstance(node, nodes.Text) and not node.text.strip() for node in body)
