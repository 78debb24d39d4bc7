"""YAML is read safely, and every fault is named at its line."""

import time

import pytest
from pydantic import BaseModel, ConfigDict

from newsletter.errors import ContentError
from newsletter.yamlfile import load, nearest, validate


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    port: int = 25


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    smtp: Inner = Inner()
    sections: list[Inner] = []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "not readable as YAML"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' occurs a second time"),
        ("a: &x [1]\nb: *x\n", 2, "alias"),
        ("a: 1\nday: 2025-02-30\n", 2, "2025-02-30"),
        ("a: 1\nb: \x07\n", 2, "U+0007"),
        ("a: " + "[" * 5000, 1, "nested too deeply"),
        ("a: !!python/object/apply:os.system [true]\n", 1, "could not determine a constructor"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_at_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ContentError) as caught:
        load(text, "x.yaml")
    (problem,) = caught.value.problems
    assert str(problem.at) == f"x.yaml:{line}"
    assert words in problem.text


@pytest.mark.parametrize(
    ("text", "line", "value"),
    [
        ('brand: {colour: #0b4f9c, second: "#fff"}\n', 1, "#0b4f9c"),
        ("title: One\nbrand: {logo: x.png, colour: #0b4f9c}\nb: 2\n", 2, "#0b4f9c"),
        ("a: 1\ntags:\n  [one,\n   #two]\n", 4, "#two"),
    ],
)
def test_a_value_that_is_read_as_a_comment_is_named_with_its_quotes(text: str, line: int, value: str) -> None:
    with pytest.raises(ContentError) as caught:
        load(text, "newsletter.yaml")
    (problem,) = caught.value.problems
    assert str(problem).startswith(
        f"newsletter.yaml:{line}: not readable as YAML: {value} is read as a comment"
    )
    assert problem.hint == f'Put it in quotes: "{value}"'


def test_every_fault_of_a_file_is_told_at_once_and_at_its_line() -> None:
    text = "titel: x\nsmtp:\n  prot: 25\n  port: many\nsections:\n- port: 1\n- prt: 2\n"
    value, problems = validate(Outer, load(text, "newsletter.yaml", first_line=1))
    assert value is None
    assert {str(problem.at): problem.hint for problem in problems} == {
        "newsletter.yaml:1": "Did you mean 'title'?",
        "newsletter.yaml:3": "Did you mean 'port'?",
        "newsletter.yaml:4": "",
        "newsletter.yaml:7": "Did you mean 'port'?",
    }


def test_lines_count_from_where_the_yaml_stands_in_its_file() -> None:
    document = load("title: x\nlink: y\n", "item.md", first_line=2)
    assert str(document.place(("link",))) == "item.md:3"
    assert str(document.place(("link", "deeper"))) == "item.md:3"


def test_a_hint_names_the_nearest_word_or_all_of_them() -> None:
    assert nearest("socal", ["social", "top"]) == "Did you mean 'social'?"
    assert nearest("xyz", ["social", "top"]) == "Known here: social, top."


LONG = "9" * 3_000_000


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a: 1\nport: {LONG}\n", 2),
        (f"a: 1\nport: {LONG[:900_000]}\n", 2),
        (f"a: 1\nday: !!timestamp {LONG[:900_000]}\n", 2),
        (f"a: 1\n{LONG[:900_000]}: 1\n", 2),
        (f"a: 1\n? a{LONG[:300_000]}\n? a{LONG[:300_000]}\n", 3),
        (f"a: 1\nb: !{LONG[:900_000]} x\n", 2),
        ("a: 1\nb: " + ":".join(["59"] * 100_000) + "\n", 2),
        ("a: 1\nb: !!bool x\n", 2),
        ('a: 1\nb: !!int ""\n', 2),
        ("a: 1\nb: !!timestamp x\n", 2),
        ("a: &a [x,x]\nb: &b [*a,*a]\n", 2),
        ("".join(" " * level + "a:\n" for level in range(900)), 1),
        ("a: 1\n" * 300_000, 1),
    ],
)
def test_a_file_made_to_exhaust_is_refused_at_its_line_in_few_words(text: str, line: int) -> None:
    start = time.process_time()
    with pytest.raises(ContentError) as caught:
        load(text, "x.yaml")
    (problem,) = caught.value.problems
    assert str(problem.at) == f"x.yaml:{line}"
    assert len(str(caught.value)) < 500
    assert time.process_time() - start < 20


def test_long_values_of_settings_are_not_echoed_and_many_faults_are_counted() -> None:
    word = "x" * 100_000
    for text in (
        f"title: {word}\n? {word}\n: 1\n",
        f"title: x\nsmtp: {{port: {word}}}\n",
        f"? {word}\n: {word}\n",
    ):
        _, problems = validate(Outer, load(text, "x.yaml"))
        assert problems
        assert all(len(str(problem)) < 500 for problem in problems)
    _, problems = validate(Outer, load("title: x\n" + "".join(f"k{n}: 1\n" for n in range(2000)), "x.yaml"))
    assert len(problems) == 51
    assert problems[-1].text == "and 1950 more problems in this file"


@pytest.mark.parametrize(
    "text", ['a: 1\nb: "\\ud800"\n', 'a: 1\n"\\udfff": 1\n', 'a: 1\nb: ["x", "\\uD83D"]\n']
)
def test_half_a_character_is_refused_at_its_line(text: str) -> None:
    with pytest.raises(ContentError, match="is not allowed") as caught:
        load(text, "x.yaml")
    assert str(caught.value.problems[0].at) == "x.yaml:2"
