"""Findings about words and marks, in titles, texts, subject, preheader, intro and call."""

from newsletter.checks.codes.code import ERROR, WARNING, Code

CODES = (
    Code(
        "placeholder",
        ERROR,
        "A word stands for something that was to be filled in.",
        "Збори відбудуться TODO.",
        "Збори відбудуться 12 лютого.",
    ),
    Code(
        "placeholder-perhaps",
        WARNING,
        "A word may stand for something that was to be filled in.",
        "Рада виділила ХХХ гривень.",
        "Рада виділила 500 гривень.",
    ),
    Code(
        "sample-words",
        WARNING,
        "Words of a new workspace's samples are still there.",
        "Видаліть ці три файли, коли з'являться ваші новини.",
        "Громада відкрила центр послуг.",
    ),
    Code(
        "hyphen-as-dash",
        WARNING,
        "A hyphen with spaces around it stands for a dash.",
        "Субсидія - нова підтримка громад.",
        "Субсидія – нова підтримка громад.",
        mendable=True,
    ),
    Code(
        "quotes-straight",
        WARNING,
        "Quotation marks are straight, not those of the language.",
        'Відкрито проєкт "Майстерня".',
        "Відкрито проєкт «Майстерня».",
        mendable=True,
    ),
    Code(
        "space-before-mark",
        WARNING,
        "A space stands before a comma, a full stop or another mark.",
        "Громади , що зустрілися, дійшли згоди.",
        "Громади, що зустрілися, дійшли згоди.",
        mendable=True,
    ),
    Code(
        "markup-unrendered",
        WARNING,
        "Readers would see Markdown or HTML as typed characters.",
        "Рішення ** важливе** для громад.",
        "Рішення **важливе** для громад.",
    ),
)
