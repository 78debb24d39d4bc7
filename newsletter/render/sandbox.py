"""The only use of Jinja: a sandbox in which templates see plain values only and run within limits."""

from collections.abc import Callable, Iterable, Iterator
from traceback import walk_tb
from types import TracebackType
from typing import Any, ClassVar, cast

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.parser import Parser
from jinja2.runtime import BlockReference, Context, LoopContext, Macro
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer

from newsletter.errors import Message, NewsletterError, Place, RenderError
from newsletter.render.budget import Limits, TooMuch, budget, expect, expect_number, joined, spend
from newsletter.render.filters import JOIN, MAKE, STEPS, Filters, formatted, functions, jinja_filters
from newsletter.render.kinds import ABSENT, Steps, attribute, item, printed, settled, weight
from newsletter.render.parts import When
from newsletter.render.values import Data, Function, Table, plain_values

_LONGEST = 60_000  # characters of a template's file; compiling so many takes Jinja two seconds
_LOAD = 100  # units of work for an include, an import, an extends
_DEEPEST = 15  # loops within loops; Python itself stops at 20
_NAMES = "The names a template may use are listed in docs/adding-a-theme.md."
_MOST = 500  # compiled templates that are kept; those of two languages and the pages are some 150
_SIMPLER = "Let the template do less; its bounds are listed in docs/adding-a-theme.md."
_compiled: dict[tuple[Any, ...], Any] = {}


class _BoundedTemplate(Template):
    """A template that renders plain values within the limits of its environment, and fails with its line."""

    environment: "Sandbox"

    def render(self, *values: Any, **named: Any) -> str:
        """Render the template. Raises RenderError."""
        given = plain_values(dict(*values, **named))
        pieces = self.root_render_func(self.new_context(given))
        with budget(self.environment.limits):
            try:
                return self._filled(pieces)
            except NewsletterError:
                raise
            except Exception as error:  # noqa: BLE001  a template can fail in any way that code can
                raise _explained(error, self._place(pieces)) from None

    def _filled(self, pieces: Iterator[str]) -> str:
        try:
            return self.environment.concat(pieces)
        except Exception:  # noqa: BLE001  likewise
            return self.environment.handle_exception()  # raises it, its lines being the template's

    def _place(self, pieces: Any) -> Place:
        """Return the template line that produced the last piece, for the error about too large an output."""
        frame = pieces.gi_frame
        return Place(self.filename or "", self.get_corresponding_lineno(frame.f_lineno) if frame else 0)


class Sandbox(SandboxedEnvironment):
    """A Jinja environment in which only data can be read, and only known functions be called.

    What it does not know it refuses, whatever Python would answer: attributes are looked up in
    newsletter/render/kinds.py alone, calls go to Functions and to the template's own macros.
    """

    template_class = _BoundedTemplate
    intercepted_binops = frozenset(SandboxedEnvironment.default_binop_table)
    limits: ClassVar[Limits] = Limits()
    missing_key: ClassVar[type[Undefined]] = StrictUndefined

    def __init__(
        self,
        translate: Callable[[str], str],
        translate_number: Callable[[str, str, int], str],
        **options: Any,
    ) -> None:
        super().__init__(
            undefined=StrictUndefined,
            finalize=printed,
            extensions=["jinja2.ext.i18n", When],
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            optimized=False,
            **options,
        )
        self.newstyle_gettext = True
        self.globals = functions(translate, translate_number)
        self.filters: Filters = jinja_filters()

    def concat(self, pieces: Iterable[str]) -> str:
        """Join the pieces of an output. Raises TooMuch."""
        return joined(pieces)

    def getattr(self, obj: Any, attribute_: str) -> Any:
        """Look up `obj.attribute` among data; anything else is undefined."""
        found = attribute(obj, attribute_)
        return self._missing(obj, attribute_) if found is ABSENT else found

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look up `obj[argument]` among data; anything else is undefined."""
        found = item(obj, argument)
        return self._missing(obj, argument) if found is ABSENT else found

    def _missing(self, obj: Any, name: Any) -> Any:
        if isinstance(obj, Undefined):
            obj._fail_with_undefined_error()  # noqa: SLF001  as every other use of it does
        if type(obj) in (dict, Table):
            return self.missing_key(obj=obj, name=name)
        kind = "this record" if type(obj) is Data else f"a {type(obj).__name__}"
        return self.undefined(
            Message("%(kind)s has no %(name)r that a template may use", kind=kind, name=str(name)[:60]),
            name=name,
        )

    def call(self, context: Context, obj: Any, /, *given: Any, **named: Any) -> Any:
        """Call a Function, macro, block or recursive loop. Raises SecurityError for anything else."""
        spend()
        kind = type(obj)
        if kind is Function:
            for internal in ("_loop_vars", "_block_vars"):
                named.pop(internal, None)
            first = (context,) if obj.with_context else ()
            return settled(obj.call(*first, *given, **named))
        if kind is LoopContext:
            given = (Steps(given[0]), *given[1:]) if given else given
        elif isinstance(obj, Undefined):
            obj._fail_with_undefined_error()  # noqa: SLF001  likewise
        elif kind is not Macro and kind is not BlockReference:
            raise SecurityError(Message("a %(name)s cannot be called", name=kind.__name__))
        return context.call(obj, *given, **named)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002  Jinja's signature
        """Compute `left operator right`. Raises TooMuch if the result would be too large."""
        if operator == "%" and isinstance(left, str):
            return formatted(left, right if type(right) in (tuple, dict, Table) else (right,))
        if operator == "*":
            for many, times in ((left, right), (right, left)):
                if isinstance(times, int) and isinstance(many, str | list | tuple):
                    expect(weight(many) * times)
        elif operator == "+" and isinstance(left, str | list | tuple) and isinstance(right, type(left)):
            expect(len(left) + len(right))
        elif operator == "**" and isinstance(left, int) and isinstance(right, int):
            expect_number(left.bit_length() * abs(right))
        return settled(self.binop_table[operator](left, right))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        spend(len(source))
        if len(source) > _LONGEST:
            raise TemplateSyntaxError(
                Message("the file is longer than %(longest)s characters", longest=f"{_LONGEST:,}"),
                1,
                name,
                filename,
            )
        tree = _Guard(name, filename).visit(super()._parse(source, name, filename))
        tree.set_environment(self)
        guarded: nodes.Template = tree
        return guarded

    def _load_template(self, name: Any, globals: Any) -> Template:  # noqa: A002  Jinja's signature
        spend(_LOAD)
        return super()._load_template(name, globals)

    def compile(self, source: Any, name: Any = None, filename: Any = None, *rest: Any, **options: Any) -> Any:
        """Compile a template, once for all languages. Raises RenderError with its line."""
        escapes = self.autoescape(name) if callable(self.autoescape) else self.autoescape
        key = type(self), self.keep_trailing_newline, escapes, source, name, filename, rest, *options.items()
        if key not in _compiled:
            if len(_compiled) >= _MOST:
                _compiled.clear()
            _compiled[key] = self._compile_anew(source, name, filename, *rest, **options)
        return _compiled[key]

    def _compile_anew(self, source: Any, name: Any, filename: Any, *rest: Any, **options: Any) -> Any:
        try:
            return super().compile(source, name, filename, *rest, **options)
        except TemplateSyntaxError as error:
            at = Place(error.filename or filename or "", error.lineno)
            raise RenderError(
                Message("the template fails: %(what)s", what=error.message), _NAMES, at
            ) from None
        except Exception as error:  # noqa: BLE001  as deep nesting and long numbers, which Python refuses
            at = Place(filename or "", _compiled_line(error.__traceback__))
            raise RenderError(
                Message("the template cannot be read: %(said)s", said=_said(error)), _SIMPLER, at
            ) from None


def _explained(error: Exception, at: Place) -> RenderError:
    """Convert `error` to a RenderError at the innermost template line of its traceback, else at `at`."""
    for frame, line in walk_tb(error.__traceback__):
        if "__jinja_exception__" in frame.f_globals:  # as Jinja marks the lines of a template
            at = Place(frame.f_code.co_filename, line)
    hint = _SIMPLER if isinstance(error, TooMuch | RecursionError | MemoryError) else _NAMES
    return RenderError(Message("the template fails: %(said)s", said=_said(error)), hint, at)


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deep: it may include or call itself without an end"
    return str(error) or type(error).__name__


def _compiled_line(trace: TracebackType | None) -> int:
    """Return the template line at which compiling failed."""
    line = 1
    for frame, _ in walk_tb(trace):
        own = frame.f_locals.get("self")
        node = frame.f_locals.get("node")
        if isinstance(own, Parser):
            line = own.stream.current.lineno
        elif isinstance(node, nodes.Node):
            line = node.lineno or line
        elif isinstance(frame.f_locals.get("lineno"), int):
            line = frame.f_locals["lineno"]
    return line


class _Guard(NodeTransformer):
    """Generates code that charges loops and literals by wrapping them in filters."""

    def __init__(self, name: str | None, filename: str | None) -> None:
        self._file = name, filename
        self._loops = 0

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802  Jinja's name
        self._loops += 1
        if self._loops > _DEEPEST:
            message = Message("more than %(deepest)s loops within each other", deepest=_DEEPEST)
            raise TemplateSyntaxError(message, node.lineno, *self._file)
        self.generic_visit(node)
        self._loops -= 1
        node.iter = _filtered(node.iter, STEPS)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802  Jinja's name
        self.generic_visit(node)
        first, *rest = node.nodes
        return _filtered(first, JOIN, rest)

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802  Jinja's name
        self.generic_visit(node)
        return _filtered(node, MAKE)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802  Jinja's name
        self.generic_visit(node)
        return _filtered(node, MAKE)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802  Jinja's name
        self.generic_visit(node)
        return _filtered(node, MAKE) if node.ctx == "load" else node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802  Jinja's name
        self.generic_visit(node)
        return _filtered(node, MAKE) if isinstance(node.arg, nodes.Slice) else node


def _filtered(node: nodes.Node, name: str, given: list[nodes.Expr] | None = None) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", node), name, given or [], [], None, None, lineno=node.lineno)
