"""Findings about the subject, the preheader, the period, and about items: titles, dates, kinds, sections."""

from newsletter.checks.codes.code import ERROR, WARNING, Code, Part

_BRIEF = "---\ntitle: Форум\nsection: top\nlink: https://auc.org.ua/1\nkind: brief\n---\n"
_WEEK = "preheader: Форум громад, субсидії для переселенців, нові вебінари"


_TITLE = "Громади зустрілися в Києві"
_OLD = "---\ntitle: {}\nsection: top\nlink: https://auc.org.ua/{}\n---\n"
_ITEM = _OLD.format(_TITLE, 1)


def _four(times: int) -> dict[str, str]:
    """Return the files of four items, of which the last says a sentence so many times."""
    files = {}
    for number, length in enumerate((3, 3, 3, times), 1):
        head = _OLD.format(f"Новина {number}", number)
        files[f"items/0{number}-item.md"] = f"{head}\n{'Громади діють. ' * length}\n"
    return files


def _two(second: str, first: str = "") -> dict[str, str]:
    """Return the files of two items; `first` and `second` are more of their front matter."""
    head = "---\ntitle: {}\nsection: {}\nlink: https://auc.org.ua/{}\n{}---\n"
    return {
        "items/01-forum.md": head.format("Форум громад", "top", 1, first),
        "items/02-flats.md": head.format("Житло для переселенців", "top", 2, second),
    }


CODES = (
    Code(
        "subject-empty",
        ERROR,
        "The issue has no subject.",
        'subject: ""',
        "subject: Форум громад",
        Part.ISSUE,
    ),
    Code(
        "subject-long",
        WARNING,
        "The subject is longer than mail programs show.",
        f"subject: {'Форум громад і субсидії. ' * 4}",
        "subject: Форум громад і субсидії",
        Part.ISSUE,
    ),
    Code(
        "subject-reply",
        ERROR,
        "The subject pretends to be a reply, which filters treat as fraud.",
        "subject: 'Re: Форум громад'",
        "subject: Форум громад",
        Part.ISSUE,
    ),
    Code(
        "subject-capitals",
        WARNING,
        "The subject is all capitals.",
        "subject: ФОРУМ ГРОМАД",
        "subject: Форум громад",
        Part.ISSUE,
    ),
    Code(
        "preheader-length",
        WARNING,
        "The preheader does not fill the inbox row, or is cut.",
        "preheader: Форум",
        _WEEK,
        Part.ISSUE,
    ),
    Code(
        "period-wrong",
        ERROR,
        "Subject, preheader or intro name another week than the issue's.",
        "subject: 'Робота громад: 1 – 7 лютого 2025 року'",
        "subject: 'Робота громад: 8 – 14 лютого 2025 року'",
        Part.ISSUE,
    ),
    Code(
        "period-in-title",
        WARNING,
        "A title names another week than the issue's.",
        "Тиждень освіти: 1 – 7 лютого 2025 року",
        "Тиждень освіти: 8 – 14 лютого 2025 року",
        Part.TITLE,
    ),
    Code(
        "section-undeclared",
        WARNING,
        "A section is in issue.yaml alone, so nobody can choose it.",
        {
            "issue.yaml": "sections: [{slug: sport, title: Спорт}]\norder: {sport: [01-forum]}",
            "items/01-forum.md": "---\ntitle: Форум\nsection: sport\nlink: https://auc.org.ua/1\n---\n",
        },
        {
            "issue.yaml": "order: {social: [01-forum]}",
            "items/01-forum.md": "---\ntitle: Форум\nsection: social\nlink: https://auc.org.ua/1\n---\n",
        },
        Part.FILES,
    ),
    Code(
        "title-long",
        WARNING,
        "A title is so long that it belongs in the text.",
        f"Форум громад відбувся{', і відбувся знову' * 7}",
        "Форум громад відбувся",
        Part.TITLE,
    ),
    Code(
        "title-repeated",
        WARNING,
        "Two items have the same title.",
        {
            "items/01-forum.md": "---\ntitle: Форум громад\nsection: top\nlink: https://auc.org.ua/1\n---\n",
            "items/02-again.md": "---\ntitle: Форум громад\nsection: top\nlink: https://auc.org.ua/2\n---\n",
        },
        _two(""),
        Part.FILES,
    ),
    Code(
        "date-outside",
        WARNING,
        "An item is dated outside the issue's period.",
        "date: 2025-02-07",
        "date: 2025-02-08",
        Part.HEAD,
    ),
    Code(
        "leads-several",
        ERROR,
        "Two items lead one edition.",
        _two("lead: true\n", "lead: true\n"),
        _two("", "lead: true\n"),
        Part.FILES,
    ),
    Code(
        "brief-long",
        WARNING,
        "A brief is longer than two lines.",
        f"{_BRIEF}\n{'Громади зустрілися. ' * 15}\n",
        f"{_BRIEF}\nГромади зустрілися.\n",
        Part.ITEM,
    ),
    Code(
        "event-over",
        WARNING,
        "An event is over before the issue closes.",
        "kind: event\nwhen: 2025-02-10",
        "kind: event\nwhen: 2025-02-20",
        Part.HEAD,
    ),
    Code(
        "event-far",
        WARNING,
        "An event is more than a year ahead: its year may be mistyped.",
        "kind: event\nwhen: 2052-02-20",
        "kind: event\nwhen: 2025-02-20",
        Part.HEAD,
    ),
    Code(
        "title-capitals",
        WARNING,
        "A title is all capitals.",
        "ФОРУМ ГРОМАД УКРАЇНИ",
        "Форум громад України",
        Part.TITLE,
    ),
    Code(
        "title-case",
        WARNING,
        "A title begins every word with a capital, as English titles do.",
        "Нові Правила Для Громад України",
        "Нові правила для громад України",
        Part.TITLE,
    ),
    Code(
        "title-in-text",
        WARNING,
        "The text begins with the title again.",
        f"{_ITEM}\nГромади зустрілися в Києві й обрали голову.\n",
        f"{_ITEM}\nГолову обрали одностайно.\n",
        Part.ITEM,
    ),
    Code(
        "hashtag-alone",
        WARNING,
        "The text of an item is nothing but hashtags.",
        "#FreeOurPeople",
        "Закликаємо долучитися до #FreeOurPeople.",
    ),
    Code(
        "item-long",
        WARNING,
        "An item has three times the length of the others.",
        _four(45),
        _four(3),
        Part.FILES,
    ),
    Code(
        "link-earlier",
        WARNING,
        "An earlier issue had an item with this link.",
        {"items/01-forum.md": _ITEM, "../2025-02-07/items/01-other.md": _OLD.format("Інше", 1)},
        {"items/01-forum.md": _ITEM, "../2025-02-07/items/01-other.md": _OLD.format("Інше", 2)},
        Part.FILES,
    ),
    Code(
        "title-earlier",
        WARNING,
        "An earlier issue had an item with this title.",
        {"items/01-forum.md": _ITEM, "../2025-02-07/items/01-other.md": _OLD.format(_TITLE, 2)},
        {"items/01-forum.md": _ITEM, "../2025-02-07/items/01-other.md": _OLD.format("Інше", 2)},
        Part.FILES,
    ),
    Code(
        "preheader-repeats",
        WARNING,
        "The preheader begins with the subject, beside which it stands.",
        "preheader: Форум громад і субсидії, а ще нові вебінари",
        "preheader: Нові вебінари, а ще форум громад і субсидії",
        Part.ISSUE,
    ),
)
