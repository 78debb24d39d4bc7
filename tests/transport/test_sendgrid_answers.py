"""What SendGrid's answers mean."""

import json

import pytest

from newsletter.transport.sendgrid.api import Fault, read, refused_here, unavailable
from newsletter.transport.web_answer import Answer, Meaning


def errors(*fields: str | None) -> bytes:
    return json.dumps({"errors": [{"message": "no", "field": field} for field in fields]}).encode()


@pytest.mark.parametrize(
    ("status", "content", "meaning"),
    [
        (202, b"", Meaning.TAKEN),
        (200, b"", Meaning.LOST),
        (400, errors("personalizations"), Meaning.NARROW),
        (400, errors("personalizations.to"), Meaning.NARROW),
        (400, errors("personalizations.3.to.0.email", "personalizations.9.to"), Meaning.NARROW),
        (400, errors("personalizations.3.headers"), Meaning.STOP),
        (400, errors("personalizations.3.to", "from.email"), Meaning.STOP),
        (400, errors("subject"), Meaning.STOP),
        (400, errors(None), Meaning.STOP),
        (400, errors(), Meaning.STOP),
        (400, b"<html>", Meaning.STOP),
        (401, errors(None), Meaning.STOP),
        (403, errors("from"), Meaning.STOP),
        (404, b"", Meaning.STOP),
        (308, b"", Meaning.STOP),
        (413, errors(None), Meaning.NARROW),
        (429, errors(None), Meaning.LATER),
        (500, errors(None), Meaning.LOST),
        (503, b"", Meaning.LOST),
    ],
)
def test_an_answer_has_one_meaning_for_all_in_the_request(
    status: int, content: bytes, meaning: Meaning
) -> None:
    assert read(status, content, {}, 0).meaning is meaning


@pytest.mark.parametrize("content", [b"", b"[]", b"7", b'{"errors": null}', b'{"errors": ["x"]}', b"\xff"])
def test_an_answer_that_is_not_what_it_should_be_is_read_all_the_same(content: bytes) -> None:
    assert read(400, content, {}, 0).meaning is Meaning.STOP


def test_the_words_of_an_answer_name_the_field() -> None:
    assert read(400, errors("subject", None), {}, 0).text == "no (subject); no"


def test_a_fault_found_here_means_what_sendgrid_would_say() -> None:
    assert refused_here(Fault("personalizations", "an address twice")).meaning is Meaning.NARROW
    assert refused_here(Fault("subject", "an empty subject")).meaning is Meaning.STOP


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [("1000", 0), ("1030", 30), ("990", 0), ("999999", 120), ("", 4), ("soon", 4)],
    ids=["now", "in 30 s", "past", "a wrong clock", "none", "no number"],
)
def test_the_wait_ends_when_sendgrid_says_and_is_never_long(reset: str, seconds: float) -> None:
    answer = read(429, b"", {"X-RateLimit-Reset": reset}, 1000)
    assert answer.wait(otherwise=4) == seconds


@pytest.mark.parametrize(
    ("answer", "words", "cure"),
    [
        (read(401, errors(None), {}, 0), "refused the key or the sender: 401 no", "SENDGRID_API_KEY"),
        (read(403, errors("from"), {}, 0), "403 no (from)", "sender.address"),
        (read(400, errors("subject"), {}, 0), "refused the message itself: 400 no (subject)", "approve"),
        (read(429, b"", {}, 0), "asks to wait", "later"),
        (read(500, b"", {}, 0), "no clear answer: 500", "not sent again"),
        (
            Answer(meaning=Meaning.LATER, text="refused"),
            "https://s.test cannot be used: refused",
            "sendgrid.host",
        ),
        (read(404, b"", {}, 0), "https://s.test cannot be used: 404", "sendgrid.host"),
    ],
)
def test_what_ends_a_run_names_the_cure(answer: Answer, words: str, cure: str) -> None:
    error = unavailable(answer, "https://s.test")
    assert words in error.message
    assert cure in error.hint
