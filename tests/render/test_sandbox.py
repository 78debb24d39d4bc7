"""Templates read data and nothing else, and compute within bounds: attacks, each an error at its line."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from jinja2 import FunctionLoader, Undefined
from markupsafe import Markup

from newsletter.errors import RenderError
from newsletter.i18n import translations
from newsletter.model import SubscriberStatus
from newsletter.render.budget import Limits
from newsletter.render.sandbox import Sandbox
from newsletter.render.values import Data, Function, NoDataError, Table, plain, plain_values

WORDS = translations("en")
VALUES = {
    "text": "слово",
    "markup": Markup("<b>слово</b>"),
    "number": 7,
    "day": date(2025, 2, 14),
    "record": Data(title="Новина", items=(1, 2)),
    "table": Table({"a": 1}),
    "many": ("a", "b"),
    "function": Function(lambda: "made"),
}


class Pages(Sandbox):
    """As the pages have it: more output, and a missing key is nothing."""

    missing_key = Undefined
    limits = Limits(work=50_000_000)


class Small(Sandbox):
    """Little work, so that loops end soon; values may be as large as ever."""

    limits = Limits(work=100_000)


FILES: dict[str, str] = {}


def load(name: str) -> tuple[str, str, None] | None:
    return (FILES[name], f"templates/{name}", None) if name in FILES else None


ENVIRONMENTS = {
    kind: kind(WORDS.gettext, WORDS.ngettext, loader=FunctionLoader(load), autoescape=True)
    for kind in (Sandbox, Pages, Small)
}


def render(
    text: str, more: dict[str, str] | None = None, kind: type[Sandbox] = Sandbox, **values: Any
) -> str:
    FILES.clear()
    FILES.update({"page.html": text, **(more or {})})
    made = ENVIRONMENTS[kind]
    assert made.cache is not None
    made.cache.clear()
    return made.get_template("page.html").render({**VALUES, **values})


ATTRIBUTES = ["__class__", "__init__", "__globals__", "__dict__", "__mro__", "__reduce__", "__getattribute__"]
ATTRIBUTES += ["_values", "_entries", "call", "with_context", "gi_frame", "f_globals", "func_globals"]
ATTRIBUTES += [
    "format",
    "format_map",
    "encode",
    "translate",
    "maketrans",
    "__html__",
    "unescape",
    "parse_raw",
]
THINGS = [
    *VALUES,
    "''",
    "7",
    "1.5",
    "[]",
    "{}",
    "()",
    "true",
    "none",
    "range(3)",
    "namespace(a=1)",
    "m",
    "dict",
]
THINGS += ["self", "self.part", "_", "gettext", "namespace", "range", "imported", "text.strip", "table.items"]
THINGS += ["loop", "loop.cycle", "(many|groupby(0))[0]"]
FRAME = (
    "{% import 'part.html' as imported %}{% macro m() %}{% endmacro %}"
    "{% block part %}{% endblock %}{% for one in [1] %}"
)


@pytest.mark.parametrize("kind", [Sandbox, Pages])
def test_nothing_but_data_can_be_read_of_anything(kind: type[Sandbox]) -> None:
    known = "{% if table.a is defined and loop.index is defined %}known{% endif %}"
    for name in ATTRIBUTES:
        ways = [way for thing in THINGS for way in (f"{thing}.{name}", f"{thing}['{name}']")]
        looks = "".join(f"{{% if {way} is defined %}}{way} {{% endif %}}" for way in ways)
        assert render(f"{FRAME}{looks}{known}{{% endfor %}}", {"part.html": ""}, kind) == "known"


ATTACKS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ text.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ joiner.__init__ }}",
    "{{ namespace.__init__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ loop.__class__ }}",
    "{{ text|attr('__class__') }}",
    "{{ ['a']|map('attr', '__class__')|list }}",
    "{{ [text]|map(attribute='__class__')|list }}",
    "{{ [text]|map(attribute='__class__.__mro__')|list }}",
    "{{ [record]|sort(attribute='__class__') }}",
    "{{ [record]|groupby('__init__') }}",
    "{{ [text]|selectattr('__class__')|list }}",
    "{{ [1]|sum(attribute='__class__') }}",
    "{{ '{0.__class__}'.format(text) }}",
    "{{ '{x.__class__}'.format_map({'x': text}) }}",
    "{{ ('{0.__class__}'|safe).format(text) }}",
    "{{ '%s'|format(record) }}",
    "{{ '%r' % text }}",
    "{{ record }}",
    "{{ table }}",
    "{{ many }}",
    "{{ _ }}",
    "{{ function.call }}",
    "{{ text() }}",
    "{{ record() }}",
    "{{ (1).__add__(1) }}",
    "{{ text.encode() }}",
    "{{ _.__globals__ }}",
    "{{ _.__call__ }}",
    "{{ caller.__init__ }}",
    "{{ record|tojson }}",
    "{{ record|pprint }}",
    "{{ many|random }}",
    "{{ {'a': record}|xmlattr }}",
    "{{ config }}",
    "{{ request.environ }}",
    "{{ g }}",
    "{{ session }}",
    "{{ get_flashed_messages() }}",
    "{{ url_for }}",
    "{% for x in self %}{% endfor %}",
    "{% for x in record %}{% endfor %}",
    "{% for x in 7 %}{% endfor %}",
    "{% from 'page.html' import __class__ %}",
    "{% if 1 %}{% set record.title = 1 %}{% endif %}",
    "{% do many.append(1) %}",
    "{% include '../secret' %}",
    "{% include '/etc/hostname' %}",
    "{% import '../../etc/passwd' as x %}",
    "{% extends text %}",
    "{{ day.__reduce__ }}",
    "{{ day.strftime('%1000000d') }}",
    "{{ markup.__html__() }}",
    "{{ dict.__base__ }}",
    "{{ range.__class__ }}",
    "{{ table.items.__self__ }}",
    "{{ text.strip.__self__ }}",
    "{% for a in table.items() recursive %}{{ loop.__init__ }}{% endfor %}",
]


@pytest.mark.parametrize("kind", [Sandbox, Pages])
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_an_error_at_its_line(kind: type[Sandbox], attack: str) -> None:
    with pytest.raises(RenderError) as caught:
        render(f"ok\n{attack}", kind=kind)
    assert caught.value.at
    assert caught.value.at.line == 2
    assert caught.value.hint
    assert "object at 0x" not in str(caught.value)


BOMBS = [
    "{{ 'a' * 10**9 }}",
    "{{ [0] * 10**9 }}",
    "{{ 10**(10**10) }}",
    "{{ (10**300) * (10**300) }}",
    "{{ 2 ** (2 ** 100) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%*d' % (10**9, 1) }}",
    "{{ '%.1000000000f' % 1 }}",
    "{{ '%1000000000s'|format('a') }}",
    "{{ _('%(a)1000000000s', a=1) }}",
    "{{ _('%(a)s' * 1000, a='b' * 100000) }}",
    "{{ 'a'|center(10**9) }}",
    "{{ 'a'|indent(10**9, true) }}",
    "{{ ('\\n' * 100000)|indent(1000) }}",
    "{{ 'a'|indent('b' * 1000000 ~ 'c') }}",
    "{{ ('a' * 100000)|replace('a', 'b' * 100000) }}",
    "{{ ('a' * 100000)|replace('', 'b' * 100000) }}",
    "{{ ('a' * 1000000)|list|join('b' * 1000000) }}",
    "{{ ([['a' * 1000] * 1000] * 1000)|join }}",
    "{{ []|batch(10**9, 'x')|list }}",
    "{{ []|slice(10**9)|list }}",
    "{{ [1]|slice(10**8)|list|length }}",
    "{{ ('a ' * 200000)|wordwrap(1) }}",
    "{{ ('a' * 40000)|wordwrap(1, true, 'b' * 1000) }}",
    "{{ 'a'|truncate(1, true, 'b' * 1000001) }}",
    "{{ 1.5|round(10**9) }}",
    "{{ 1.5|round(10**7, 'ceil') }}",
    "{{ ('f' * 1000000)|int(0, 16) }}",
    "{{ ('<' * 900000)|e }}",
    "{{ ('ї' * 900000)|urlencode }}",
    "{{ ('<!--' * 200000)|striptags }}",
    "{{ ([[1] * 1000] * 1000)|sum(start=[]) }}",
    "{{ ('[' * 100000)|underline('-') }}",
    "{{ range(10**9)|list }}",
    "{{ range(10**7)|join }}",
    "{% for n in range(10**7) %}{% endfor %}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "{% for a in range(9999) %}{% set x = range(9999)|list %}{% endfor %}",
    "{% for a in range(9999) %}{% for b in range(999) if false %}{% endfor %}{% endfor %}",
    "{% for a in range(9999) recursive %}{{ loop(range(9999)) if loop.depth < 5 }}{% endfor %}",
    "{% for a in range(99999) %}" + "x" * 1000 + "{% endfor %}",
    "{% macro m() %}{% for a in range(99999) %}" + "x" * 1000 + "{% endfor %}{% endmacro %}{{ m() }}",
    "{% set x %}{% for a in range(99999) %}" + "x" * 1000 + "{% endfor %}{% endset %}",
    "{% filter upper %}{% for a in range(99999) %}" + "x" * 1000 + "{% endfor %}{% endfilter %}",
    "{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = [n.x, n.x]|join %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}",
    "{% set n = namespace(x=(1,)) %}{% for i in range(99) %}{% set n.x = (n.x, n.x) %}{% endfor %}",
    "{% set n = namespace(x=1) %}{% for i in range(99) %}{% set n.x = {1: n.x, 2: n.x} %}{% endfor %}",
    "{% set n = namespace(x=1) %}{% for i in range(99) %}{% set n.x = dict(a=n.x, b=n.x) %}{% endfor %}",
    "{% set n = namespace(x=3) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "{% set n = namespace(x=[]) %}{% for i in range(9999) %}{% set n.x = n.x + ['a' * 900000] %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = _('%(a)s' * 2, a=n.x) %}{% endfor %}",
    "{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "{% macro m(n) %}{% if n %}{{ m(n-1) ~ m(n-1) }}{% else %}aa{% endif %}{% endmacro %}{{ m(60)|length }}",
    "{% include 'page.html' %}",
    "{% include 'page.html' %}{% include 'page.html' %}",
    "{% import 'page.html' as x %}",
    "{% extends 'page.html' %}",
    "{% block a %}{{ self.a() }}{% endblock %}",
    "{% block a %}{{ self.b() }}{% endblock %}{% block b %}{{ self.a() ~ self.a() }}{% endblock %}",
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "{{ " + "[" * 150 + "]" * 150 + " }}",
    "{{ " + "not " * 3000 + "1 }}",
    "{{ 1" + " + 1" * 20000 + " }}",
    "{{ " + "9" * 5000 + " }}",
    "{% if 1 %}" * 300 + "{% endif %}" * 300,
    "".join(f"{{% for a{n} in [1] %}}" for n in range(30)) + "{% endfor %}" * 30,
    "x" * 60_001,
    "{{ x }}" * 3_000 + "{{ 'a' * 10**9 }}",
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb[:60])
def test_what_computes_without_measure_ends_in_an_error_at_its_line(bomb: str) -> None:
    began = process_time()
    with pytest.raises(RenderError) as caught:
        render(f"{bomb}\n", kind=Small, x="")
    assert caught.value.at
    assert str(caught.value.at) == "templates/page.html:1"
    assert caught.value.hint
    assert len(str(caught.value)) < 400
    assert process_time() - began < 10


def test_words_of_a_catalog_are_text_and_end_no_attribute() -> None:
    said = '"q" & <b> %(a)s'
    own = Sandbox(lambda _: said, lambda *_: said, loader=FunctionLoader(load), autoescape=True)
    FILES["page.html"] = '<a title="{{ _("x", a=text) ~ text }}">'
    escaped = "&#34;q&#34; &amp; &lt;b&gt; &#39;&#39;"
    assert own.get_template("page.html").render(text="'") == f'<a title="{escaped}">'


def test_what_ends_in_an_error_leaves_the_next_template_its_whole_budget() -> None:
    for _ in range(3):
        with pytest.raises(RenderError):
            render(
                "{% for a in range(99999) %}{% endfor %}{% for a in range(99999) %}{% endfor %}", kind=Small
            )
        assert render("{% for a in range(20000) %}{% endfor %}ok", kind=Small) == "ok"


def test_threads_have_budgets_of_their_own() -> None:
    text = "{% for a in range(40000) %}{% endfor %}ok"
    with ThreadPoolExecutor(4) as pool:
        made = ENVIRONMENTS[Small].from_string(text)
        assert list(pool.map(lambda _: made.render(), range(8))) == ["ok"] * 8


USES = {
    "{% set n = namespace(x=0) %}{% for one in many if one %}{% set n.x = 2 %}{% endfor %}{{ n.x }}": "2",
    "{{ text|upper }} {{ text.strip().title() }} {{ text.split('о')|join('-') }}": "СЛОВО Слово сл-в-",
    "{{ day.strftime('%-d.%m.%Y') }} {{ day.year }} {{ day }}": "14.02.2025 2025 2025-02-14",
    "{{ many|join(', ') }} {{ many[:1]|length }} {{ [3, 1]|sort|first }}": "a, b 1 1",
    "{{ record.title }} {{ record.items[0] }} {{ record['title'] }} {{ table.a }}": "Новина 1 Новина 1",
    "{% for k, v in {'k': 1}.items() %}{{ k }}{{ v }}{{ loop.last }}{% endfor %}": "k1True",
    "{{ '%s: %.1f'|format(text, 1.5) }} {{ '%(a)s%%' % {'a': 1} }} {{ function() }}": "слово: 1.5 1% made",
    "{% for a, group in [{'k': 1, 'v': 2}]|groupby('k') %}{{ a }}{{ group[0].v }}{% endfor %}": "12",
    "{% macro m(x) %}[{{ x }}{{ caller() }}]{% endmacro %}{% call m(1) %}c{% endcall %}": "[1c]",
    "{{ (_('Pause') ~ ': <i>')|upper }} {% trans a=text %}{{ a }}{% endtrans %}": "PAUSE: &lt;I&gt; слово",
    "{% for n in [[1], [2]] recursive %}{{ loop(n) if n is iterable else n }}{% endfor %}": "12",
}


@pytest.mark.parametrize(("use", "made"), USES.items())
def test_what_a_theme_needs_it_can_do(use: str, made: str) -> None:
    assert render(use) == made


@dataclass(frozen=True)
class Record:
    """What pages are made of, and what a template has no business with."""

    title: str
    state: SubscriberStatus
    choices: Mapping[str, tuple[str, ...]]
    secret: bytes = b"secret"
    file: Path = Path("/etc/passwd")

    @property
    def loud(self) -> str:
        return self.title.upper()

    def method(self) -> str:
        return "no"


def test_a_record_keeps_what_is_data_and_loses_the_rest() -> None:
    made = plain(Record("Новина", SubscriberStatus.ACTIVE, {"a": ("b",)}))
    assert set(made) == {"title", "state", "choices", "loud"}
    assert (made.loud, type(made.state), made.choices["a"]) == ("НОВИНА", str, ("b",))
    with pytest.raises(AttributeError, match="cannot be changed"):
        made.title = "anders"
    for value in (b"", Path(), object(), Record, len, iter([])):
        with pytest.raises(NoDataError, match="words: a template cannot be given"):
            plain_values({"words": value})
