"""What all public pages share: headers, hosts, errors in words, limits, and a log that tells on nobody."""

import logging
from http import HTTPStatus

import pytest
from flask import Flask, abort, request
from flask.testing import FlaskClient

from newsletter.errors import LinkInvalid, StoreError
from newsletter.services import Workspace
from newsletter.web.readers import limits
from newsletter.web.readers.access_log import shown
from newsletter.web.readers.app import create_site
from newsletter.web.static import _version

TOKEN = "AAAAAAABAgMEBQYHCAkKCwwNDg8QERI"  # noqa: S105  of nobody


@pytest.fixture
def site(context: Workspace) -> Flask:
    """Return the public site with a few views that do what views should not."""
    app = create_site(context)
    app.add_url_rule("/test/<what>", view_func=misbehave, methods=["GET", "POST"])
    app.add_url_rule("/hooks/test", view_func=take, methods=["POST"], endpoint="hook")
    app.add_url_rule("/test-form", view_func=limits.forms(take), methods=["GET", "POST"])
    app.add_url_rule("/test-other-form", view_func=limits.forms(other), methods=["POST"])
    app.add_url_rule("/test-search", view_func=limits.search(found))
    return app


def misbehave(what: str) -> str:
    if what == "away":
        raise StoreError("the database is gone", "Bring it back.")
    if what == "link":
        raise LinkInvalid("this link is not valid", "")
    if what == "form":
        raise ValueError(request.form["name"])
    abort(int(what))


def take() -> str:
    return str(len(request.get_data()))


def other() -> str:
    return "other"


def found() -> str:
    return "found"


def test_every_answer_has_the_headers_that_keep_others_out(client: FlaskClient) -> None:
    for path in ("/health", "/nothing", "/static/base.css"):
        with client.get(path) as answer:
            headers = answer.headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Permissions-Policy"].startswith("camera=()")
        assert "Strict-Transport-Security" not in headers, "it came over plain HTTP"


def test_who_came_over_https_is_to_do_so_for_a_year(client: FlaskClient) -> None:
    headers = client.get("/health", base_url="https://news.example.org").headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000"


def test_only_our_own_names_are_answered_to(client: FlaskClient) -> None:
    for host in ("news.example.org", "News.Example.org:443", "localhost:8080", "127.0.0.1", "[::1]:8080"):
        assert client.get("/health", headers={"Host": host}).status_code == HTTPStatus.OK
    for host in ("evil.example", "localhost.evil.example", "[::2]:8080", "[::1]evil", ""):
        for path in ("/health", "/nothing", "/static/base.css"):
            refused = client.get(path, headers={"Host": host})
            assert (refused.status_code, refused.text) == (HTTPStatus.BAD_REQUEST, "400 Bad Request\n"), host
            assert "Content-Security-Policy" in refused.headers


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://новини.example.org:8443/news", "xn--b1amarcd.example.org:8443"),
        ("http://[2001:db8::1]:8080", "[2001:db8::1]:8080"),
    ],
)
def test_the_host_of_base_url_is_answered_to_as_browsers_write_it(
    context: Workspace, base_url: str, host: str
) -> None:
    context.settings = context.settings.model_copy(update={"base_url": base_url})
    answer = create_site(context).test_client().get("/health", headers={"Host": host})
    assert answer.status_code == HTTPStatus.OK


def told_by_a_proxy(context: Workspace, proxies: int) -> str:
    """Return who the site thinks asked, and how, when a header of a proxy says so."""
    serve = context.settings.serve.model_copy(update={"proxies": proxies})
    context.settings = context.settings.model_copy(update={"serve": serve})
    app = create_site(context)
    app.add_url_rule("/who", view_func=lambda: f"{request.remote_addr} {request.scheme} {request.host}")
    headers = {
        "X-Forwarded-For": "198.51.100.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
    }
    return app.test_client().get("/who", headers=headers).text


def test_a_proxy_is_believed_only_if_it_is_ours(context: Workspace) -> None:
    assert told_by_a_proxy(context, 0) == "127.0.0.1 http localhost"
    assert told_by_a_proxy(context, 1) == "198.51.100.9 https localhost"


@pytest.mark.parametrize(
    ("path", "code", "uk", "en"),
    [
        ("/nothing", 404, "Такої сторінки немає", "There is no such page"),
        ("/test/link", 404, "Такої сторінки немає", "There is no such page"),
        ("/test/400", 400, "На цей запит не можна відповісти", "This request cannot be answered"),
        ("/test/413", 413, "Забагато за один раз", "That was too much at once"),
        ("/test/429", 429, "Забагато запитів", "Too many requests"),
        ("/test/500", 500, "У нас щось пішло не так", "Something went wrong on our side"),
        ("/test/form", 400, "На цей запит не можна відповісти", "This request cannot be answered"),
        ("/test/away", 503, "Сторінка зараз недоступна", "This page is not available right now"),
    ],
)
def test_what_went_wrong_is_told_in_words(
    client: FlaskClient, path: str, code: int, uk: str, en: str
) -> None:
    for language, words in (("uk", uk), ("en", en)):
        answer = client.get(f"{path}?lang={language}")
        assert answer.status_code == code
        assert f"<h1>{words}</h1>" in answer.text
        assert f'<html lang="{language}" dir="ltr">' in answer.text


def test_a_page_that_only_shows_says_what_it_can(client: FlaskClient) -> None:
    answer = client.post("/health")
    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert "GET" in answer.headers["Allow"]
    assert "Тут так зробити не можна" in answer.text


def test_a_failure_is_logged_where_it_was_and_without_what_was_entered(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        answer = client.post("/test/form", data={"name": "Олена Петренко"})
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "POST /test/form: ValueError" in caplog.text
    assert "in misbehave" in caplog.text
    assert "Олена" not in caplog.text + answer.text
    assert "Traceback" not in answer.text


def test_a_database_that_is_away_may_be_back_soon(client: FlaskClient) -> None:
    assert client.get("/test/away").headers["Retry-After"] == "30"


def test_the_log_has_a_line_for_each_request_and_nobody_in_it(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "newsletter"):
        client.get(f"/test/{TOKEN}?q=olena@example.org", environ_base={"REMOTE_ADDR": "203.0.113.77"})
        client.get("/health", environ_base={"REMOTE_ADDR": "2001:db8:1:2:3::4"})
        client.get("/health", environ_base={"REMOTE_ADDR": "::ffff:203.0.113.77"})
        client.get("/health", environ_base={"REMOTE_ADDR": "nonsense"})
    lines = [record.getMessage().rpartition(" ")[0].rpartition(" ")[0] for record in caplog.records]
    assert [line for line in lines if "Error" not in line] == [
        "203.0.113.0/24 GET /test/… 500",
        "2001:db8:1:2::/64 GET /health 200",
        "203.0.113.0/24 GET /health 200",
        "unknown GET /health 200",
    ]
    assert TOKEN not in caplog.text


def test_a_method_that_a_visitor_made_up_is_logged_in_short(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "newsletter"):
        client.open("/health", method="G" * 5000)
    assert "G" * 11 not in caplog.text


def test_one_file_named_in_many_ways_is_remembered_a_few_times_only(client: FlaskClient) -> None:
    for number in range(400):
        with client.get(f"/static/{'./' * number}base.css") as answer:
            assert answer.status_code == HTTPStatus.OK
    assert _version.cache_info().currsize <= 256


def test_a_path_is_logged_on_one_line_and_never_whole_when_it_is_long() -> None:
    assert shown(f"/preferences/{TOKEN}/address") == "/preferences/…/address"
    assert shown("/a\nfake line") == "/a%0Afake%20line"
    assert shown(f"/{TOKEN}{TOKEN}") == "/…"
    assert len(shown("/a" * 5000)) <= 130


def test_forms_may_be_small_and_reports_larger(client: FlaskClient) -> None:
    size = 64 << 10
    assert client.post("/test-form", data=b"x" * size).text == str(size)
    assert (
        client.post("/test-form", data=b"x" * (size + 1)).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    )
    assert client.post("/hooks/test", data=b"x" * (1 << 20)).text == str(1 << 20)
    too_large = client.post("/hooks/test", data=b"x" * (1 << 20 | 1))
    assert too_large.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_all_forms_together_may_be_sent_thirty_times_a_minute_by_a_network(client: FlaskClient) -> None:
    codes = [
        client.post(path, environ_base={"REMOTE_ADDR": f"203.0.113.{number}"}).status_code
        for number in range(16)
        for path in ("/test-form", "/test-other-form")
    ]
    assert codes == [200] * 30 + [429] * 2
    refused = client.post("/test-form", environ_base={"REMOTE_ADDR": "203.0.113.200"})
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert "Забагато запитів" in refused.text
    assert client.get("/test-form", environ_base={"REMOTE_ADDR": "203.0.113.1"}).status_code == HTTPStatus.OK
    assert (
        client.post("/test-form", environ_base={"REMOTE_ADDR": "198.51.100.1"}).status_code == HTTPStatus.OK
    )


def test_search_is_limited_and_so_are_pages_but_generously(client: FlaskClient) -> None:
    codes = [client.get("/test-search").status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]
    many = {client.get("/signup").status_code for _ in range(100)}
    assert many == {HTTPStatus.OK}


def test_who_watches_and_who_leaves_is_never_limited(client: FlaskClient) -> None:
    assert {client.get("/health").status_code for _ in range(700)} == {HTTPStatus.OK}
    leaving = {client.post(f"/unsubscribe/{TOKEN}").status_code for _ in range(700)}
    assert HTTPStatus.TOO_MANY_REQUESTS not in leaving


def test_files_are_kept_for_a_year_by_their_version_only(client: FlaskClient) -> None:
    page = client.get("/nothing").text
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]

    def kept(address: str) -> str:
        with client.get(address) as answer:
            return answer.headers["Cache-Control"]

    assert kept(address) == "public, max-age=31536000, immutable"
    assert "immutable" not in kept(address.partition("?")[0])
    assert "immutable" not in kept(f"{address}0")
    assert "immutable" not in kept("/static/none.css?v=None")


def test_the_other_language_is_the_same_page_and_what_was_asked_stays(client: FlaskClient) -> None:
    page = client.get("/nothing?q=житло&lang=uk&_scheme=javascript&_external=1&endpoint=x&_method=y").text
    assert 'href="?q=%D0%B6%D0%B8%D1%82%D0%BB%D0%BE&amp;_scheme=javascript&amp;' in page
    assert "lang=en" in page
