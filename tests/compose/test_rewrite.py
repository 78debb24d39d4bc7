"""issue.yaml, rewritten beside an editor."""

from datetime import date
from textwrap import dedent

import pytest
import yaml

from newsletter.compose.rewrite import rewrite
from newsletter.errors import ContentError
from newsletter.model import Section

DAY = date(2025, 2, 14)
EDITED = dedent(
    """\
    # Наш випуск
    subject: 'Своя тема'   # не чіпати

    order:
      # спершу головне
      top:
        - b  # перший
        - a
        # кінець головного

      # потім освіта
      education: [c]
      # порожньо
      social:
      # наприкінці
      economy:
        - d
    # кінець
    """
)


def test_nothing_is_rewritten_when_nothing_is_lacking() -> None:
    order = {"top": ["b", "a"], "education": ["c"], "social": [], "economy": ["d"]}
    assert rewrite(EDITED, DAY, values={"subject": "Інша"}, order=order) is EDITED


def test_an_editors_order_words_and_comments_stay() -> None:
    order = {
        "top": ["b", "a", "x"],
        "staff": ["y"],
        "education": ["c", "z"],
        "social": ["v"],
        "economy": ["d", "w"],
    }
    rewritten = rewrite(EDITED, DAY, values={"subject": "Інша", "intro": ""}, order=order)
    assert rewritten == dedent(
        """\
        # Наш випуск
        intro: ""
        subject: 'Своя тема'   # не чіпати

        order:
          # спершу головне
          top:
            - b  # перший
            - a
            - x
          staff:
            - y
            # кінець головного

          # потім освіта
          education: [c, z]
          # порожньо
          social:
            - v
          # наприкінці
          economy:
            - d
            - w
        # кінець
        """
    )


def test_a_new_file_says_what_it_is_for() -> None:
    text = rewrite("", DAY, values={"subject": "Тема"}, order={"top": ["a"]})
    assert text.startswith("# The issue that closes on 2025-02-14.")
    assert yaml.safe_load(text) == {"subject": "Тема", "order": {"top": ["a"]}}


def test_a_file_of_comments_only_keeps_them() -> None:
    text = rewrite("# моє\n", DAY, values={"subject": "Тема"})
    assert text == "# моє\nsubject: Тема\n"


def test_sections_of_the_issue_are_declared_once() -> None:
    section = Section(slug="new", title="Нова: рубрика")
    text = rewrite("", DAY, values={}, sections=[section])
    assert yaml.safe_load(text) == {"sections": [{"slug": "new", "title": "Нова: рубрика"}]}
    assert rewrite(text, DAY, values={}, sections=[section]) is text


@pytest.mark.parametrize(
    "word", ["no", "12", "1e3", "2025-02-14", "12:30", "null", "", "~", "a: b", "[", "- x", "#x"]
)
def test_a_word_stays_a_word_for_every_reader_of_yaml(word: str) -> None:
    text = rewrite("", DAY, values={"subject": word}, order={"top": [word]})
    assert yaml.safe_load(text) == {"subject": word, "order": {"top": [word]}}


def test_yaml_that_cannot_be_taken_apart_is_refused() -> None:
    with pytest.raises(ContentError):
        rewrite("a: [", DAY, values={})
