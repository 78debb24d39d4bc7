"""Fillers and doubtful links are found, and words that merely resemble them are left alone."""

import pytest

from newsletter.checks.wording import doubtful_link, leftovers, links_in, typed_marks
from newsletter.errors import Severity


@pytest.mark.parametrize(
    "text",
    ["Lorem ipsum dolor", "тут буде TODO", "todo: дата", "TBD", "Вітаємо, {{ name }}!", "{% if %}", "ХХХХ"],
)
def test_a_filler_is_an_error(text: str) -> None:
    assert [remark.severity for remark in leftovers(text)] == [Severity.ERROR]


@pytest.mark.parametrize("text", ["XXX сесія міської ради", "Вставити посилання", "мешканцям вставити вікна"])
def test_words_that_may_be_meant_are_only_a_warning(text: str) -> None:
    assert [remark.severity for remark in leftovers(text)] == [Severity.WARNING]


@pytest.mark.parametrize(
    "text",
    [
        "Ласкаво просимо до першого випуску · Бюджет",
        "Welcome to the first issue",
        "Delete these three files when your own news arrives.",
        "Видаліть ці три файли, коли з’являться ваші новини.",
    ],
)
def test_words_of_the_samples_are_a_warning(text: str) -> None:
    (remark,) = leftovers(text)
    assert remark.severity == Severity.WARNING
    assert "from the samples of a new workspace" in remark.text


@pytest.mark.parametrize(
    "text", ["МЕТОДОЛОГІЯ", "вставний", "XX сесія", "a {b} c", "Тодор", "Потрібні:", "- паспорт;", ""]
)
def test_ordinary_words_are_no_fillers(text: str) -> None:
    assert not list(leftovers(text))


@pytest.mark.parametrize(
    "href",
    [
        "", "#", "http://", "https://example.com/news", "https://www.example.org", "http://localhost:8000/",
        "http://127.0.0.1/x", "https://auc.test/", "https://auc.org.ua/TODO", "www.auc.org.ua", "/news/1",
        "javascript:alert(1)", "ftp://auc.org.ua", "https://[oops",
    ],
)  # fmt: skip
def test_a_link_that_leads_nowhere_is_an_error(href: str) -> None:
    remark = doubtful_link(href)
    assert remark
    assert remark.severity == Severity.ERROR


@pytest.mark.parametrize("href", ["https://bit.ly/3x", "http://t.co/a", "https://www.tinyurl.com/b"])
def test_a_shortened_link_is_a_warning(href: str) -> None:
    remark = doubtful_link(href)
    assert remark
    assert remark.severity == Severity.WARNING


@pytest.mark.parametrize(
    "href",
    [
        "https://auc.org.ua/", "http://kmu.gov.ua/a?b=c#d", "mailto:office@auc.org.ua",
        "https://myexample.com/", "https://contest.ua/", "https://орган.укр/", "https://not.co/",
    ],
)  # fmt: skip
def test_a_real_link_is_fine(href: str) -> None:
    assert doubtful_link(href) is None


@pytest.mark.parametrize("words", ["тут", "Тут", "за посиланням", "here", "Read more…", "«тут»", "**тут**"])
def test_link_words_that_name_nothing_are_a_warning(words: str) -> None:
    (remark,) = links_in(f"Деталі [{words}](https://auc.org.ua/a).")
    assert remark.severity == Severity.WARNING


def test_links_are_found_in_lists_and_emphasis_but_not_in_code() -> None:
    text = "- один **[два](#)**\n- `[три](#)`\n\n<https://bit.ly/4>"
    assert [remark.words for remark in links_in(text)] == ["#", "https://bit.ly/4"]


def test_a_link_that_names_its_page_is_fine() -> None:
    assert not list(links_in("Читайте [постанову № 204](https://kmu.gov.ua/204)."))


@pytest.mark.parametrize(
    ("text", "language", "words", "hint"),
    [
        ("«Відкритий Уряд» - плани дій", "uk", "Уряд» - плани", "Write a dash: –."),
        ("Budget - what is new", "en", "Budget - what", "Write a dash: –."),
        (
            'Форум "Демократична стійкість" у Києві',
            "uk",
            '"Демократична стійкість"',
            "«Демократична стійкість»",
        ),
        ('Program "Czyste Powietrze"', "pl", '"Czyste Powietrze"', "„Czyste Powietrze”"),
        ('Das Programm "Saubere Luft"', "de-AT", '"Saubere Luft"', "„Saubere Luft“"),
    ],
)
def test_a_hyphen_as_a_dash_and_straight_quotes_are_a_warning(
    text: str, language: str, words: str, hint: str
) -> None:
    (remark,) = typed_marks(text, language)
    assert (remark.severity, remark.words) == (Severity.WARNING, words)
    assert hint in remark.hint


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("«Відкритий Уряд» – плани дій", "uk"),
        ("міський голова-учасник АТО, 8–14 лютого, +380 44 123-45-67", "uk"),
        ("- перший пункт", "uk"),
        ('Екран 15" коштує менше, ніж 17"', "uk"),
        ('The "clean air" programme', "en"),
        ("", "uk"),
    ],
)
def test_dashes_hyphens_and_the_language_s_quotes_are_left_alone(text: str, language: str) -> None:
    assert not list(typed_marks(text, language))
