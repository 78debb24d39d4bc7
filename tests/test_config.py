"""newsletter.yaml: what it refuses, each fault at its line."""

from pathlib import Path

import pytest

from newsletter.config import Settings, read_settings
from newsletter.errors import ConfigError
from newsletter.registry import TRANSPORTS
from newsletter.transport.smtp import SmtpSettings

SAMPLE = (Path(__file__).parent.parent / "newsletter.yaml").read_text(encoding="utf-8")
LINE = SAMPLE.count("\n") + 1


def faults(folder: Path, line: str) -> list[str]:
    """Return what is wrong with the sample's settings when `line` ends them."""
    (folder / "newsletter.yaml").write_text(f"{SAMPLE}{line}\n", encoding="utf-8")
    try:
        read_settings(folder)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize("domain", ["news.example.org", "example.org"])
def test_dkim_may_sign_for_the_sender_s_domain_or_a_parent_of_it(tmp_path: Path, domain: str) -> None:
    assert faults(tmp_path, f"dkim: {{selector: s1, domain: {domain}}}") == []


@pytest.mark.parametrize("domain", ["example.com", "ews.example.org", "mail.news.example.org"])
def test_dkim_for_another_domain_is_refused_because_dmarc_would_not_count_it(
    tmp_path: Path, domain: str
) -> None:
    [fault] = faults(tmp_path, f"dkim: {{selector: s1, domain: {domain}}}")
    assert fault.startswith(f"newsletter.yaml:{LINE}: dkim: domain must be news.example.org")


@pytest.mark.parametrize(
    "greeting",
    [
        '{named: "Вітаємо!", unnamed: "Вітаємо!"}',
        '{named: "{name}, {name}!", unnamed: "Вітаємо!"}',
        '{named: "Вітаємо, {name}!", unnamed: "Вітаємо, {name}!"}',
        '{named: "Вітаємо, {name}!"}',
        '{named: "Вітаємо, {name}!", unnamed: ""}',
        '{named: "{name} ' + "а" * 120 + '", unnamed: "Вітаємо!"}',
    ],
)
def test_a_greeting_says_the_name_once_and_has_words_for_who_has_none(tmp_path: Path, greeting: str) -> None:
    [fault] = faults(tmp_path, f"greeting: {greeting}")
    assert fault.startswith(f"newsletter.yaml:{LINE}: ")


@pytest.mark.parametrize("grace", ["100000d", "0h", "6", "6 h", "-6h", "1.5h"])
def test_a_grace_that_is_no_span_of_time_is_refused(tmp_path: Path, grace: str) -> None:
    lines = [line for line in SAMPLE.splitlines() if not line.startswith("schedule:")]
    schedule = f"schedule: {{weekly: friday 16:00, grace: {grace!r}}}"
    (tmp_path / "newsletter.yaml").write_text("\n".join([*lines, schedule]), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"schedule\.grace: must be a number"):
        read_settings(tmp_path)


@pytest.mark.parametrize("domain", ["org", "Example.org", "example.org.", "exam ple.org", "приклад.укр"])
def test_a_dkim_domain_that_is_none_is_refused(tmp_path: Path, domain: str) -> None:
    [fault] = faults(tmp_path, f"dkim: {{selector: s1, domain: {domain!r}}}")
    assert "must be a domain name in small Latin letters" in fault


def test_an_address_is_kept_with_its_domain_in_ascii(tmp_path: Path) -> None:
    text = SAMPLE.replace("office@news.example.org", "office@приклад.укр")
    (tmp_path / "newsletter.yaml").write_text(text, encoding="utf-8")
    assert read_settings(tmp_path).sender.reply_to == "office@xn--80aikifvh.xn--j1amh"


@pytest.mark.parametrize("address", ["office", "офіс@example.org", "a@b@c", "a b@example.org"])
def test_an_address_that_mail_servers_would_not_take_is_refused(tmp_path: Path, address: str) -> None:
    [fault] = faults(tmp_path, f'editors: ["{address}"]')
    assert fault.startswith(f"newsletter.yaml:{LINE}: editors.0.address: ")


@pytest.mark.parametrize(("security", "port"), [("", 993), ("tls", 993), ("starttls", 143), ("none", 143)])
def test_a_mailbox_is_where_its_kind_of_security_usually_is(tmp_path: Path, security: str, port: int) -> None:
    said = f", security: {security}" if security else ""
    imap = f"bounces: {{imap: {{host: mail.example.org, user: bounces{said}}}}}"
    assert faults(tmp_path, imap) == []
    found = read_settings(tmp_path).bounces.imap
    assert found
    assert found.port == port


@pytest.mark.parametrize(("security", "port"), [("tls", 465), ("starttls", 25), ("none", 25)])
def test_a_relay_is_where_its_kind_of_security_usually_is(security: str, port: int) -> None:
    assert SmtpSettings.model_validate({"security": security}).port == port
    assert SmtpSettings.model_validate({"security": security, "port": 2525}).port == 2525


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("sendgird", "no transport is named 'sendgird'\n  Did you mean 'sendgrid'?"),
        ("pigeon", f"no transport is named 'pigeon'\n  Known here: {', '.join(TRANSPORTS)}."),
        ("x" * 300, f"no transport is named '{'x' * 40}'\n  Known here: {', '.join(TRANSPORTS)}."),
        ("5", "must be a name, or several in order, like [sendgrid, smtp]"),
    ],
)
def test_an_unknown_transport_is_refused_at_its_line_with_the_nearest(
    tmp_path: Path, value: str, fault: str
) -> None:
    text = SAMPLE.replace("transport: outbox", f"transport: {value}")
    line = text[: text.index("transport: ")].count("\n") + 1
    (tmp_path / "newsletter.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path)
    assert str(caught.value) == f"newsletter.yaml:{line}: transport: {fault}"


def test_a_kind_of_security_that_is_none_is_refused_alone(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, "bounces: {imap: {host: mail.example.org, user: bounces, security: ssl}}")
    assert "bounces.imap.security" in fault


@pytest.mark.parametrize("text", ["- title\n", "title\n"])
def test_settings_without_keys_are_told_what_keys_look_like(tmp_path: Path, text: str) -> None:
    (tmp_path / "newsletter.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="must be keys with values, like `title: …`"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("bounces: {imap: mail}", "bounces.imap: must be keys with values, like `host: …`"),
        ("pace: {domains: 5}", "pace.domains: must be keys with values"),
        ("editors: a@example.org", "editors: must be a list, like `[one, another]`"),
        ("consent: 2025-02-14", "consent: must be words: put them in quotes"),
    ],
)
def test_a_value_of_another_kind_is_told_what_it_must_be(tmp_path: Path, line: str, fault: str) -> None:
    assert faults(tmp_path, line) == [f"newsletter.yaml:{LINE}: {fault}"]


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        ("{lable: x}", "unknown key 'fields.label.lable'\n  Did you mean 'label'?"),
        ("5", "fields.label: must be keys with values, like `label: …`"),
    ],
)
def test_a_slip_in_a_field_is_told_whatever_its_name(tmp_path: Path, field: str, fault: str) -> None:
    text = SAMPLE.replace("  region: {label: Область, kind: region}", f"  label: {field}")
    (tmp_path / "newsletter.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("language", "fields", "kinds"),
    [
        ("uk", "region: {label: О}", ["region"]),
        ("uk", "region: {label: О}\n  community: {label: Г}\n  position: {label: П}\n  phone: {label: Т}",
         ["region", "community", "post", "text"]),
        ("uk", "community: {label: Г}", ["text"]),
        ("uk", "region: {label: О, kind: text}\n  community: {label: Г}", ["text", "text"]),
        ("uk", "o: {label: О, kind: region}\n  h: {label: Г, kind: community}", ["region", "community"]),
        ("en", "region: {label: R}\n  community: {label: C}\n  position: {label: P}",
         ["text", "post", "post"]),
        ("en", "region: {label: R, kind: region}\n  size: {label: S, kind: choice, choices: [small, large]}",
         ["region", "choice"]),
    ],
)  # fmt: skip
def test_a_field_without_a_kind_has_one_by_its_name_and_the_language(
    tmp_path: Path, language: str, fields: str, kinds: list[str]
) -> None:
    settings = _with_fields(tmp_path, language, fields)
    assert [entry.kind for entry in settings.fields.values()] == kinds
    assert settings.languages == (("uk", "en") if language == "uk" else ("en",))
    assert settings.timezone == "Europe/Kyiv"


@pytest.mark.parametrize(
    ("typed", "tag", "zone", "languages"),
    [
        ("uk", "uk", "Europe/Kyiv", ("uk", "en")),
        ("en", "en", "UTC", ("en",)),
        ("he", "he", "UTC", ("he",)),
        ("pt_br", "pt-BR", "UTC", ("pt-BR",)),
        ("de\nlanguages: [de, uk, pl]", "de", "UTC", ("de", "uk", "pl")),
    ],
)
def test_any_language_that_babel_knows_is_taken(
    tmp_path: Path, typed: str, tag: str, zone: str, languages: tuple[str, ...]
) -> None:
    text = SAMPLE.replace("language: uk", f"language: {typed}").replace("timezone: Europe/Kyiv\n", "")
    (tmp_path / "newsletter.yaml").write_text(text, encoding="utf-8")
    settings = read_settings(tmp_path)
    assert (settings.language, settings.timezone, settings.languages) == (tag, zone, languages)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("ua", "language: no language has the tag 'ua'\n  Did you mean 'uk'?"),
        ("German", "language: no language has the tag 'German'\n  Did you mean 'de'?"),
        ("українська", "Did you mean 'uk'?"),
        ("crh", "Write it as in HTML, like en, uk, pl or pt-BR."),
        (
            "en\nlanguages: [en, he]",
            "languages: pages are not translated into 'he', only into uk, en, pl, de",
        ),
        ("en\nlanguages: [en, ua]", "languages.1: no language has the tag 'ua'"),
    ],
)
def test_a_language_that_is_none_is_told_what_was_meant(tmp_path: Path, typed: str, fault: str) -> None:
    text = SAMPLE.replace("language: uk", f"language: {typed}")
    (tmp_path / "newsletter.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ("a: {label: A, kind: choice}", "`kind: choice` and `choices: […]` go together"),
        ("a: {label: A, choices: [x]}", "`kind: choice` and `choices: […]` go together"),
        ("a: {label: A, kind: colour}", "kind"),
        ("a: {label: A, kind: community}", "a: communities are listed by region: add a field of kind region"),
        (
            "a: {label: A, kind: region}\n  region: {label: R}",
            "a, region: only one field can be of kind region",
        ),
        ("a: {label: A, public: maybe}", "public"),
    ],
)
def test_kinds_that_cannot_be_are_told(tmp_path: Path, fields: str, fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _with_fields(tmp_path, "uk", fields)
    assert fault in str(caught.value)


@pytest.mark.parametrize("colour", ["blue", "'#0b4'", "'0b4f9c'", "'#0b4f9g'", "''"])
def test_a_colour_of_a_section_that_is_none_is_refused_with_an_example(tmp_path: Path, colour: str) -> None:
    text = SAMPLE.replace("slug: social", f"slug: social, colour: {colour}", 1)
    (tmp_path / "newsletter.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r'colour: must be a colour like "#0b4f9c", in quotes'):
        read_settings(tmp_path)


def test_a_section_has_its_colour_in_small_letters(tmp_path: Path) -> None:
    text = SAMPLE.replace("slug: social", 'slug: social, colour: "#0B4F9C"', 1)
    (tmp_path / "newsletter.yaml").write_text(text, encoding="utf-8")
    colours = {section.slug: section.colour for section in read_settings(tmp_path).model_sections}
    assert colours["social"] == "#0b4f9c"
    assert colours["top"] == ""


def _with_brand(folder: Path, brand: str) -> Settings:
    """Read the sample with another brand."""
    lines = [f"brand: {brand}" if line.startswith("brand:") else line for line in SAMPLE.splitlines()]
    (folder / "newsletter.yaml").write_text("\n".join(lines), encoding="utf-8")
    return read_settings(folder)


def _line_of_brand() -> int:
    return next(n for n, line in enumerate(SAMPLE.splitlines(), 1) if line.startswith("brand:"))


@pytest.mark.parametrize("key", ["colour", "second"])
def test_a_brand_s_colour_that_text_cannot_be_read_on_is_refused_with_the_nearest_that_can(
    tmp_path: Path, key: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        _with_brand(tmp_path, f'{{{key}: "#E53935"}}')
    (problem,) = caught.value.problems
    assert str(problem.at) == f"newsletter.yaml:{_line_of_brand()}"
    assert "4.38, not 4.5" in problem.text
    nearest = problem.hint.split('"')[1]
    assert getattr(_with_brand(tmp_path, f'{{{key}: "{nearest}"}}').brand, key) == nearest


def test_a_colour_that_yaml_took_for_a_comment_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"brand\.colour: must be words: put them in quotes"):
        _with_brand(tmp_path, "\n  colour: #0b4f9c")


@pytest.mark.parametrize("name", ["/etc/passwd", "../logo.png", "a/../../b.png", "..\\\\b.png"])
def test_a_logo_outside_the_workspace_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="must be a file in the workspace"):
        _with_brand(tmp_path, f'{{logo: "{name}"}}')


def test_the_workspace_s_own_language_is_among_those_of_its_pages(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="own language, uk, has to be among them"):
        _with_fields(tmp_path, "uk", "a: {label: A}\nlanguages: [en]")


def _with_fields(tmp_path: Path, language: str, fields: str) -> Settings:
    """Read the sample's settings with other fields."""
    head, _, rest = SAMPLE.partition("fields:\n")
    kept = "\n".join(line for line in rest.splitlines() if not line.startswith("  "))
    text = f"{head.replace('language: uk', f'language: {language}')}fields:\n  {fields}\n{kept}\n"
    (tmp_path / "newsletter.yaml").write_text(text, encoding="utf-8")
    return read_settings(tmp_path)


@pytest.mark.parametrize("url", ["https://[::1", "https://a..b", "https://example.org:port", "https://:80"])
def test_an_address_that_no_browser_opens_is_refused(tmp_path: Path, url: str) -> None:
    text = SAMPLE.replace("base_url: https://news.example.org", f'base_url: "{url}"')
    (tmp_path / "newsletter.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="base_url: must be a full web address"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("smtp: {port: 70000}", "smtp.port: must be 65535 or less"),
        ("smtp: {port: abc}", "smtp.port: must be a whole number"),
        ("pictures: sent", "pictures: must be 'attached' or 'hosted'"),
        ("theme: ../etc", "theme: must be small Latin letters, digits and hyphens"),
        ('closing: {text: Free, hashtag: "two words"}', "closing.hashtag: must be # and one word"),
        ('consent: "a\\nb"', "consent: must be one line"),
        ('consent: ""', "consent: is empty"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_in_plain_words(tmp_path: Path, line: str, said: str) -> None:
    key = line.partition(":")[0]
    lines = SAMPLE.splitlines(keepends=True)
    kept = "".join(one for one in lines if not one.startswith(f"{key}:"))
    (tmp_path / "newsletter.yaml").write_text(f"{kept}{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path)
    assert said in str(caught.value)
