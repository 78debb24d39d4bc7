"""From item files to issue.yaml, again and again."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.compose.assemble import LeftOut, compose, default_preheader, default_subject, shorten
from newsletter.compose.issuefile import load_issue
from newsletter.config import Settings, read_settings
from newsletter.errors import ContentError, Place
from newsletter.model import Period

DAY = date(2025, 2, 14)
FILE = "issues/2025-02-14/issue.yaml"
SETTINGS = read_settings(Path(__file__).parents[2])


def put(workspace: Path, name: str, section: str, more: str = "") -> None:
    file = workspace / f"issues/2025-02-14/items/{name}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"---\ntitle: Новина\nsection: {section}\n{more}---\n", encoding="utf-8")


def order(workspace: Path) -> dict[str, list[str]]:
    issue, _ = load_issue(workspace, DAY, SETTINGS)
    return {block.section.slug: [item.id for item in block.items] for block in issue.blocks}


def edit(workspace: Path, before: str, after: str) -> None:
    text = (workspace / FILE).read_text(encoding="utf-8")
    assert before in text
    (workspace / FILE).write_text(text.replace(before, after), encoding="utf-8")


def test_items_stand_by_section_in_the_order_of_the_settings(workspace: Path) -> None:
    for name, section in (("01-a", "social"), ("02-b", "top"), ("03-c", "social")):
        put(workspace, name, section)
    done = compose(workspace, DAY, SETTINGS)
    assert done.changed
    assert done.added == ("01-a", "02-b", "03-c")
    assert not done.problems
    assert order(workspace) == {"top": ["02-b"], "social": ["01-a", "03-c"]}
    assert list(order(workspace)) == ["top", "social"]


def test_composing_again_writes_nothing(workspace: Path) -> None:
    put(workspace, "01-a", "top")
    compose(workspace, DAY, SETTINGS)
    before = (workspace / FILE).stat()
    done = compose(workspace, DAY, SETTINGS)
    assert not done.changed
    assert not done.added
    assert (workspace / FILE).stat().st_ino == before.st_ino


def test_an_editors_order_words_and_comments_are_kept(workspace: Path) -> None:
    for name in ("01-a", "02-b"):
        put(workspace, name, "top")
    compose(workspace, DAY, SETTINGS)
    edit(workspace, "    - 01-a\n    - 02-b\n", "    - 02-b  # спершу\n    - 01-a\n")
    edit(workspace, 'intro: ""', "intro: Вітаємо!")
    put(workspace, "00-c", "top")
    put(workspace, "04-d", "staff")
    compose(workspace, DAY, SETTINGS)
    text = (workspace / FILE).read_text(encoding="utf-8")
    assert order(workspace) == {"top": ["02-b", "01-a", "00-c"], "staff": ["04-d"]}
    assert "    - 02-b  # спершу\n" in text
    assert "intro: Вітаємо!" in text


def test_an_item_of_two_sections_joins_the_first_in_the_issues_order(workspace: Path) -> None:
    put(workspace, "01-a", "education")
    put(workspace, "02-b", "[education, social]")
    compose(workspace, DAY, SETTINGS)
    assert order(workspace) == {"social": ["02-b"], "education": ["01-a"]}


def test_an_editor_may_move_an_item_to_its_other_section(workspace: Path) -> None:
    put(workspace, "01-a", "education")
    put(workspace, "02-b", "[education, social]")
    compose(workspace, DAY, SETTINGS)
    edit(workspace, "  social:\n    - 02-b\n", "")
    edit(workspace, "    - 01-a\n", "    - 01-a\n    - 02-b\n")
    assert not compose(workspace, DAY, SETTINGS).changed
    assert order(workspace) == {"education": ["01-a", "02-b"]}


def test_what_is_left_out_is_named_with_its_reason(workspace: Path) -> None:
    put(workspace, "01-good", "top", "date: 2025-02-14\n")
    put(workspace, "02-early", "top", "date: 2025-02-07\n")
    put(workspace, "03-lost", "nowhere")
    put(workspace, "04-gone", "top")
    put(workspace, "05-moved", "top")
    compose(workspace, DAY, SETTINGS)
    (workspace / "issues/2025-02-14/items/04-gone.md").unlink()
    put(workspace, "05-moved", "staff")
    done = compose(workspace, DAY, SETTINGS)
    assert done.left_out == (
        LeftOut("02-early", "dated 2025-02-07, outside 2025-02-08 to 2025-02-14"),
        LeftOut("03-lost", "faulty: unknown section 'nowhere'; the item is not shown there"),
        LeftOut("04-gone", "its file is gone"),
        LeftOut("05-moved", "listed under a section it does not have"),
    )
    assert order(workspace) == {"top": ["01-good"]}


def test_an_item_in_another_encoding_is_left_out_and_named(workspace: Path) -> None:
    put(workspace, "01-a", "top")
    (workspace / "issues/2025-02-14/items/02-b.md").write_bytes("---\ntitle: Ї\n".encode("cp1251"))
    done = compose(workspace, DAY, SETTINGS)
    assert done.left_out == (LeftOut("02-b", "faulty: the file is not UTF-8 text"),)
    assert done.problems[0].at == Place("issues/2025-02-14/items/02-b.md")


def test_a_mended_item_returns_to_its_place(workspace: Path) -> None:
    for name in ("01-a", "02-b", "03-c"):
        put(workspace, name, "top")
    compose(workspace, DAY, SETTINGS)
    put(workspace, "02-b", "tpo")
    compose(workspace, DAY, SETTINGS)
    put(workspace, "02-b", "top")
    assert not compose(workspace, DAY, SETTINGS).changed
    assert order(workspace) == {"top": ["01-a", "02-b", "03-c"]}


def test_a_faulty_issue_file_is_left_as_it_is(workspace: Path) -> None:
    put(workspace, "01-a", "top")
    (workspace / FILE).write_text("order: [01-a]\n", encoding="utf-8")
    with pytest.raises(ContentError, match="order"):
        compose(workspace, DAY, SETTINGS)
    assert (workspace / FILE).read_text(encoding="utf-8") == "order: [01-a]\n"


def test_without_items_there_is_nothing_to_compose(workspace: Path) -> None:
    with pytest.raises(ContentError, match="no items"):
        compose(workspace, DAY, SETTINGS)
    assert not (workspace / "issues").exists()


def test_the_subject_names_the_digest_and_its_days(settings: Settings) -> None:
    period = Period(start=date(2025, 2, 8), end=DAY)
    assert default_subject(settings, period) == (
        "Робота громад в умовах воєнного стану: 8 – 14 лютого 2025 року"
    )
    long = settings.model_copy(update={"title": "Дуже довга назва " * 9})
    assert len(default_subject(long, period)) <= 78
    assert default_subject(long, period).endswith("…: 8 – 14 лютого 2025 року")


def test_the_preheader_is_cut_at_a_word() -> None:
    preheader = default_preheader(
        ["Субсидія на оренду житла для ВПО", "Рада Європи виділила кошти", "Форум " * 9]
    )
    assert preheader.startswith("Субсидія на оренду житла для ВПО · Рада Європи виділила кошти · Форум")
    assert preheader.endswith("Форум…")


@settings(deadline=None)
@given(st.text(), st.integers(2, 90))
def test_what_is_cut_keeps_within_its_length(text: str, longest: int) -> None:
    cut = shorten(text, longest)
    assert len(cut) <= longest
    assert cut == text or cut.endswith("…")


stems = st.text(st.characters(categories=["Ll", "Nd"], include_characters="-_.~#: "), min_size=1, max_size=9)
names = stems.map(str.strip).filter(lambda name: name and name[0] != ".")
slugs = st.sampled_from([section.slug for section in SETTINGS.sections])
contents = st.dictionaries(names, st.lists(slugs, min_size=1, max_size=3), min_size=1, max_size=6)


@settings(max_examples=40, deadline=None)
@given(contents, contents)
def test_composing_is_idempotent_and_shows_every_item_once(
    first: dict[str, list[str]], later: dict[str, list[str]]
) -> None:
    with TemporaryDirectory() as folder:
        workspace = Path(folder)
        for added in (first, later):
            for name, sections in added.items():
                if name not in first or added is first:
                    put(workspace, name, f"[{', '.join(sections)}]")
            done = compose(workspace, DAY, SETTINGS)
            assert not done.problems
            text = (workspace / FILE).read_bytes()
            assert not compose(workspace, DAY, SETTINGS).changed
            assert (workspace / FILE).read_bytes() == text
        listed = [name for names in order(workspace).values() for name in names]
        assert sorted(listed) == sorted({*first, *later})
