"""Findings about the addresses that items lead to, and the words of links."""

from newsletter.checks.codes.code import ERROR, WARNING, Code, Part

CODES = (
    Code(
        "link-missing",
        WARNING,
        "An item has no link, so its title leads nowhere.",
        "link:",
        "link: https://auc.org.ua/forum",
        part=Part.HEAD,
    ),
    Code(
        "link-nowhere",
        ERROR,
        "A link in a text leads nowhere.",
        "Читайте [рішення ради](#).",
        "Читайте [рішення ради](https://auc.org.ua/rishennia).",
    ),
    Code(
        "link-incomplete",
        ERROR,
        "A link is not a full web address.",
        "Читайте [рішення ради](/rishennia).",
        "Читайте [рішення ради](https://auc.org.ua/rishennia).",
    ),
    Code(
        "link-file",
        ERROR,
        "A link leads to a file on somebody's own machine.",
        "Читайте [рішення ради](file:///C:/rishennia.pdf).",
        "Читайте [рішення ради](https://auc.org.ua/rishennia.pdf).",
    ),
    Code(
        "link-local",
        ERROR,
        "A link leads into somebody's own network.",
        "Читайте [рішення ради](http://192.168.1.10/rishennia).",
        "Читайте [рішення ради](https://auc.org.ua/rishennia).",
    ),
    Code(
        "link-placeholder",
        ERROR,
        "A link stands for one that was to be filled in.",
        "Читайте [рішення ради](https://example.com/rishennia).",
        "Читайте [рішення ради](https://auc.org.ua/rishennia).",
    ),
    Code(
        "link-roundabout",
        WARNING,
        "A link leads through a service that records who opens it.",
        "link: https://www.google.com/url?q=https%3A%2F%2Fauc.org.ua%2Fforum",
        "link: https://auc.org.ua/forum",
        part=Part.HEAD,
        mendable=True,
    ),
    Code(
        "link-tracking",
        WARNING,
        "A link has parameters that track readers.",
        "link: https://auc.org.ua/forum?utm_source=mail&fbclid=abc",
        "link: https://auc.org.ua/forum",
        part=Part.HEAD,
        mendable=True,
    ),
    Code(
        "link-private",
        WARNING,
        "A link leads to a page that readers cannot open.",
        "link: https://docs.google.com/document/d/1aBcD/edit",
        "link: https://auc.org.ua/forum",
        part=Part.HEAD,
    ),
    Code(
        "link-shortened",
        WARNING,
        "A shortened link hides where it leads, and filters distrust it.",
        "link: https://bit.ly/3abcdef",
        "link: https://auc.org.ua/forum",
        part=Part.HEAD,
    ),
    Code(
        "link-text",
        WARNING,
        "The words of a link do not say where it leads.",
        "Рішення можна прочитати [тут](https://auc.org.ua/rishennia).",
        "Ухвалено [рішення ради](https://auc.org.ua/rishennia).",
    ),
    Code(
        "link-repeated",
        WARNING,
        "Two items have the same link.",
        {
            "items/01-forum.md": "---\ntitle: Форум громад\nsection: top\nlink: https://auc.org.ua/1\n---\n",
            "items/02-flats.md": "---\ntitle: Житло\nsection: top\nlink: https://auc.org.ua/1\n---\n",
        },
        {
            "items/01-forum.md": "---\ntitle: Форум громад\nsection: top\nlink: https://auc.org.ua/1\n---\n",
            "items/02-flats.md": "---\ntitle: Житло\nsection: top\nlink: https://auc.org.ua/2\n---\n",
        },
        part=Part.FILES,
    ),
)
