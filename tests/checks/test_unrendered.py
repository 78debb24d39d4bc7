"""Whatever reaches readers as marks is found at its line; what is rendered is not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.checks.editorial import editorial
from newsletter.checks.lines import lines_under
from newsletter.checks.unrendered import unrendered
from newsletter.config import Settings
from newsletter.model import Issue, Item

MARKS = {
    "![x](y.png)": "a picture",
    "![x](https://auc.org.ua/y.png)": "a picture",
    "<img src=x>": "HTML",
    "Текст <b>жирний</b>": "HTML",
    "<!-- примітка -->": "HTML",
    "Закон[^1] і наказ": "a footnote",
    "- [ ] зробити": "a checkbox",
    "1. [x] зроблено": "a checkbox",
    "```\nкод\n```": "a code fence",
    "`код`": "code",
    "[звіт] (https://auc.org.ua/1)": "a link",
    "[звіт](https://auc.org.ua/1 2)": "a link",
    "[звіт](https://auc.org.ua/1": "a link",
    "[звіт][https://auc.org.ua/1]": "a link",
    "[1]: https://auc.org.ua/1": "a reference link",
    "**жирне ** слово": "bold",
    "~~100~~ 200": "strikethrough",
    "##Заголовок": "a heading",
    "Назва\n---": "a horizontal rule",
    "| а | б |": "a table",
}


@pytest.mark.parametrize(("text", "what"), MARKS.items())
def test_marks_that_readers_would_see_are_found_once(text: str, what: str) -> None:
    (remark,) = unrendered(f"Перший абзац.\n\n{text}")
    assert remark.text.startswith(f"readers would see {what} as typed characters: ")
    assert remark.words in text
    assert remark.hint


@pytest.mark.parametrize(
    "text",
    [
        "**Жирне**, *курсив* і [посилання](https://auc.org.ua/x_(y)).",
        "> цитата\n\n#### Заголовок\n\n| а | б |\n| --- | --- |\n| в | г |",
        "- раз\n    - два\n\n1. три",
        "Ціна 5*3 грн, snake_case, а < б > в, &lt;img&gt;",
        "#ЄднаємоГромади, див. [1] (додаток), https://auc.org.ua/a_(b)",
        "Пишіть <office@auc.org.ua> або <https://auc.org.ua>",
        "[договір](#)",
    ],
)
def test_what_is_rendered_or_meant_so_is_left_alone(text: str) -> None:
    assert [remark.text for remark in unrendered(text)] == []


def test_a_mark_is_found_at_its_line_in_text_title_and_intro(
    make_issue: Callable[..., Issue], make_item: Callable[..., Item], settings: Settings, tmp_path: Path
) -> None:
    item = make_item(title="Форум **громад**", text="Перший.\n\n<img src=x>")
    issue = make_issue(item, intro="Вітаємо! ![x](y.png)")
    for at, text in (
        (item.at, f"---\ntitle: {item.title}\n---\n{item.text}\n"),
        (issue.at, f"subject: {issue.subject}\nintro: '{issue.intro}'\n"),
    ):
        (tmp_path / at.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / at.path).write_text(text, encoding="utf-8")
    found = {str(problem.at) for problem in editorial(issue, settings, lines_under(tmp_path))}
    assert found == {f"{item.at.path}:2", f"{item.at.path}:6", f"{issue.at.path}:2"}
