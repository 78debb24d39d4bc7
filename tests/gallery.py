"""Mails that show all that a theme can: an issue in every theme and for several brands, and the letters."""

import datetime as dt
import re
import shutil
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import yaml

from newsletter.config import Settings, read_settings
from newsletter.model import Rendered
from newsletter.render.letter import Letters
from newsletter.services import open_workspace
from newsletter.transport.mime import Skeleton, note

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
THEMES = sorted(folder.name for folder in TEMPLATES.iterdir() if folder.name not in ("mail", "web"))
BRANDS: Mapping[str, Mapping[str, str]] = {
    "sample": {},
    "green": {"colour": "#123d2b"},
    "pale": {"colour": "#f7e9a0", "second": "#7a1f5c"},
}
"""Colours by name; `sample` is what newsletter.yaml says, `pale` is too light for white text."""
LETTERS = sorted(
    file.stem for file in (TEMPLATES / "mail").glob("*.txt") if file.stem not in ("letter", "subject")
)
CLOSING = dt.date(2025, 2, 14)
VALUES = {
    "EMAIL": "olena.hnatiuk@konotop.example.org",
    "OTHER": "iryna@konotop.example.org",
    "LINK": "https://news.example.org/confirm/token-of-a-reader",
    "PREFERENCES": "token-of-a-reader",
    "UNSUBSCRIBE": "token-of-a-reader",
    "VIEW": "token-of-a-reader",
}
"""What a reader's slots are filled with."""

_MARKDOWN = """Мінсоцполітики повідомило, що **з 1 лютого** змінено порядок субсидії на *оренду житла*;
пояснення — на [сторінці Асоціації](https://auc.org.ua/subsydii).

- заяву подають в Дію або до центру;
- сплачувати слід не більше 20 % доходу;
- договір реєструє орендодавець.

> Громади дають людям не лише дах, а й певність.

#### Кому належить

| Область | Громад | Родин |
| --- | --- | --- |
| Полтавська | 60 | 1 204 |
| Сумська | 51 | 988 |

1. зареєструвати договір;
2. подати заяву."""

_ITEMS: Mapping[str, tuple[dict[str, Any], str]] = {
    "01-forum": (
        {
            "title": "Українсько-американський форум партнерства відбувся у Вашингтоні",
            "section": "top",
            "link": "https://auc.org.ua/forum",
            "lead": True,
            "picture": {
                "file": "town.jpg",
                "alt": "Площа міста з ратушею",
                "caption": "Учасники форуму перед ратушею",
                "credit": "Фото: АМУ",
            },
        },
        "Асоціація міст України представила позицію громад щодо відновлення та розвитку з 4 до 7 лютого.",
    ),
    "02-poltava": (
        {"title": "Звернення Полтавського відділення", "section": "top"},
        "Відділення просить повернути громадам податок військових.\n\nВідповіді чекають до 1 березня.",
    ),
    "03-flats": (
        {
            "title": "Субсидія на оренду житла для ВПО",
            "section": "social",
            "link": "https://auc.org.ua/flats",
        },
        _MARKDOWN,
    ),
    "04-million": (
        {
            "title": "Рада Європи виділила 150 млн євро на житло",
            "section": "social",
            "kind": "brief",
            "link": "https://auc.org.ua/million",
        },
        "Програму закриють у 2027 році.",
    ),
    "05-register": (
        {"title": "Відкрито реєстр пошкодженого майна", "section": "social", "kind": "brief"},
        "",
    ),
    "06-schools": (
        {
            "title": "Майстерня будівельників відкрилась у Рівному",
            "section": "education",
            "link": "https://auc.org.ua/schools",
            "picture": {"file": "chart.png", "alt": "Діаграма: 12 майстерень за рік"},
        },
        "Навчатимуть мулярів, штукатурів та [електриків](https://auc.org.ua/electricians).",
    ),
    "07-webinar": (
        {
            "title": "Вебінар «Управління змінами в сучасних умовах»",
            "section": "education",
            "kind": "event",
            "link": "https://auc.org.ua/webinar",
            "when": "2025-02-20 11:00",
            "until": "2025-02-20 12:30",
            "where": "Zoom",
        },
        "Про команди, яким важко.",
    ),
    "08-meeting": (
        {
            "title": "Загальні збори",
            "section": "education",
            "kind": "event",
            "when": "2025-03-03",
            "until": "2025-03-05",
            "where": "Київ, вул. Січових Стрільців, 73",
        },
        "",
    ),
    "09-partner": (
        {
            "title": "Каталог «Українська техніка для громад»",
            "section": "economy",
            "kind": "partner",
            "link": "https://tekhnika.org.ua/catalogue",
        },
        "Виробники зібрали 48 машин для доріг, парків і водоканалів.",
    ),
    "10-url": (
        {
            "title": "Електровелосипедонезалежність як виклик",
            "section": "economy",
            "link": "https://auc.org.ua/e",
        },
        "Адреса: https://auc.org.ua/documents/2025/02/14/recommendations-for-communities-in-full.pdf",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message as it is sent, and its parts as a mail program takes them."""

    name: str
    page: Rendered
    message: bytes
    html: str
    text: str
    pictures: Mapping[str, tuple[str, bytes]]

    @property
    def shown(self) -> str:
        """The HTML with its attached pictures in it, for a browser."""
        page = self.html
        for cid, (kind, content) in self.pictures.items():
            page = page.replace(f"cid:{cid}", f"data:{kind};base64,{b64encode(content).decode()}")
        return page


def write(root: Path, theme: str, brand: Mapping[str, str]) -> None:
    """Make a workspace in the folder `root` with the issue, in a theme and for a brand."""
    settings = yaml.safe_load((ROOT / "newsletter.yaml").read_text(encoding="utf-8"))
    settings |= {"theme": theme}
    if brand:
        settings["brand"] = dict(brand)
    elif logo := settings.get("brand", {}).get("logo"):
        shutil.copy(ROOT / logo, root)
    settings["sections"][2]["colour"] = "#8a1c4a"
    issue = root / f"issues/{CLOSING}"
    (issue / "items").mkdir(parents=True)
    (issue / "pictures").mkdir()
    for picture in ("town.jpg", "chart.png"):
        shutil.copy(ROOT / "tests/data/pictures" / picture, issue / "pictures")
    order: dict[str, list[str]] = {}
    for name, (data, text) in _ITEMS.items():
        order.setdefault(data["section"], []).append(name)
        (issue / f"items/{name}.md").write_text(f"---\n{_yaml(data)}---\n\n{text}\n", encoding="utf-8")
    shown = {
        "subject": "Субсидія на оренду житла і пріоритети відновлення",
        "preheader": "Форум у Вашингтоні, реєстр майна, вебінар про зміни",
        "intro": "Вступне слово з [посиланням](https://auc.org.ua/intro).",
        "order": order,
    }
    (issue / "issue.yaml").write_text(_yaml(shown), encoding="utf-8")
    (root / "newsletter.yaml").write_text(_yaml(settings), encoding="utf-8")


def _yaml(data: Any) -> str:
    return str(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=1000))


def issue_mail(root: Path, theme: str, brand: str) -> Mail:
    """Return the issue's message to a reader who has all sections; `root` is an empty folder."""
    write(root, theme, BRANDS[brand])
    workspace = open_workspace(root)
    try:
        proof = workspace.proof(CLOSING)
    finally:
        workspace.database.dispose()
    (page,) = proof.rendered
    assert not proof.errors, [str(problem) for problem in proof.problems]
    pieces = Skeleton(page, workspace.settings.envelope(proof.issue.name)).pieces(
        name="Олена Гнатюк",
        email=VALUES["EMAIL"],
        message_id="<gallery@news.example.org>",
        date=dt.datetime.now(dt.UTC),
        values=VALUES,
    )
    return read(f"{theme}-{brand}", page, b"".join(pieces))


def letter_mail(settings: Settings, kind: str) -> Mail:
    """Return the letter of a kind in the language of `settings`."""
    page = Letters(settings, [TEMPLATES]).page(kind, settings.language)
    message = note(
        page,
        settings.envelope(str(CLOSING)),
        to=VALUES["EMAIL"],
        message_id="<letter@news.example.org>",
        date=dt.datetime.now(dt.UTC),
        values=VALUES,
    )
    return read(f"letter-{kind}", page, message)


def sample_settings() -> Settings:
    """Return the settings of the sample."""
    return read_settings(ROOT)


def read(name: str, page: Rendered, message: bytes) -> Mail:
    """Take a message apart as Python's parser reads it."""
    parsed = BytesParser(policy=default).parsebytes(message)
    assert isinstance(parsed, EmailMessage)
    html, text = parsed.get_body(("html",)), parsed.get_body(("plain",))
    assert html is not None
    assert text is not None
    pictures = {
        part["Content-ID"].strip("<>"): (part.get_content_type(), part.get_content())
        for part in parsed.walk()
        if part["Content-ID"]
    }
    return Mail(
        name=name,
        page=page,
        message=message,
        html=html.get_content(),
        text=text.get_content(),
        pictures=pictures,
    )


def without_styles(page: str) -> str:
    """Return HTML as mail programs show it that drop style blocks."""
    return re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL)
