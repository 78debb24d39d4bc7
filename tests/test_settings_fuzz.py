"""Whatever stands in newsletter.yaml, it is read, or refused at its line with exit code 2."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from newsletter.cli import run
from newsletter.config import read_settings, settings_model
from newsletter.errors import ConfigError

ROOT = Path(__file__).parent.parent
SAMPLE = yaml.safe_load((ROOT / "newsletter.yaml").read_text(encoding="utf-8"))

ABSURD: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [
            None, True, -1, 0, 2**70, 1e308, float("nan"), float("inf"), "", " ", "no", "5", "-5", "Kyiv",
            "UTC+2", "../../etc/passwd", "Europe", "https://", "https://a..b", "a@", "@b.org", "a@b@c",
            "x" * 300, "\u2028", "friday 25:00", "friday", "99999999999h", [], [[]], [None], {}, {"": ""},
            {"a": {"b": []}}, {"label": None}, {"all": []}, "{{ x }}", "xn--", "https://[::1",
            "https://xn--a.org", "#",
        ]
    ),
    st.text(max_size=12),
    st.integers(),
    st.lists(st.text(max_size=4), max_size=3),
    st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
)  # fmt: skip


def paths(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Return the path of every setting of `model`, those inside others too."""
    for name, field in model.model_fields.items():
        yield (*above, name)
        parts = [field.annotation, *get_args(field.annotation)]
        for part in parts:
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from paths(part, (*above, name))


PATHS = sorted(set(paths(settings_model())))


def put(path: tuple[str, ...], value: Any) -> str:
    """Return the sample's settings with `value` at `path`, of a list in its first entry."""
    whole = deepcopy(SAMPLE)
    at = whole
    for step in path[:-1]:
        inside = at.get(step)
        if isinstance(inside, list):
            inside = inside[0]
        elif step == "fields":
            inside = next(iter(inside.values()))
        elif not isinstance(inside, dict):
            inside = at[step] = {}
        at = inside
    at[path[-1]] = value
    return str(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False))


def test_the_settings_are_all_there() -> None:
    assert len(PATHS) > 50
    assert ("bounces", "imap", "host") in PATHS
    assert ("sections", "title") in PATHS


@settings(max_examples=150)
@given(st.sampled_from(PATHS), ABSURD)
def test_any_value_of_any_setting_is_read_or_refused_at_a_line(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[str, ...], value: Any
) -> None:
    folder = tmp_path_factory.getbasetemp() / "fuzzed"
    folder.mkdir(exist_ok=True)
    (folder / "newsletter.yaml").write_text(put(path, value), encoding="utf-8")
    try:
        read_settings(folder)
    except ConfigError as error:
        for problem in error.problems:
            assert problem.at
            assert problem.at.path == "newsletter.yaml"
            assert problem.at.line
            assert len(problem.text) < 300


@pytest.mark.parametrize(
    ("zone", "meant"),
    [
        ("Kyiv", "Europe/Kyiv"),
        ("Київ", "Europe/Kyiv"),
        ("Kiev", "Europe/Kiev"),
        ("europe/kyiv", "Europe/Kyiv"),
        ("Europe/Kyev", "Europe/Kyiv"),
        ("UTC+2", "Europe/Kyiv"),
        ("+02:00", "Europe/Kyiv"),
        ("UTC-5", "Etc/GMT+5"),
        ("New York", "America/New_York"),
        ("Варшава", "Europe/Warsaw"),
    ],
)
def test_an_unknown_time_zone_is_refused_at_its_line_with_the_nearest_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], zone: str, meant: str
) -> None:
    (tmp_path / "newsletter.yaml").write_text(put(("timezone",), zone), encoding="utf-8")
    assert run(["-C", str(tmp_path), "schedule"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("newsletter.yaml:4: timezone: no such time zone: ")
    assert meant in told


@pytest.mark.parametrize(
    "host", ["", " ", "a..b", "a b", "x" * 64 + ".org", "https://mail.example.org", "a/b"]
)
def test_a_host_that_no_resolver_takes_is_refused(tmp_path: Path, host: str) -> None:
    (tmp_path / "newsletter.yaml").write_text(put(("smtp", "host"), host), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"smtp\.host: must be a host name or an IP address"):
        read_settings(tmp_path)
