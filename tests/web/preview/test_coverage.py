"""The page of communities: regions with bars, one region's communities, and no way in from elsewhere."""

import pytest
from flask.testing import FlaskClient

from newsletter.audience.lists import Importer
from newsletter.web.preview.proofs import Proofs


@pytest.fixture
def placed(client: FlaskClient, proofs: Proofs) -> FlaskClient:
    """Give two readers a place."""
    context = proofs.workspace
    importer = Importer(context.database, context.settings, context.signer)
    for email, region, community in (
        ("a@example.org", "Сумська", "Конотопська"),
        ("b@example.org", "Сумська", "Конотопьска"),
    ):
        importer.one({"email": email, "region": region, "community": community}, "a letter", context.now())
    return client


def page(client: FlaskClient, query: str = "") -> str:
    answer = client.get(f"/coverage?lang=en{query}")
    assert answer.status_code == 200
    assert len(answer.data) < 50_000
    return answer.get_data(as_text=True)


def test_regions_are_shown_with_how_many_communities_have_a_reader(placed: FlaskClient) -> None:
    text = page(placed)
    assert "1 of 1,774 communities have a reader" in text
    assert text.count("<meter ") == 28  # a bar for the country, and for each region
    assert "Конотопьска, Сумська" in text
    assert "perhaps Конотопська" in text


def test_a_region_lists_its_communities_with_a_reader_and_without(placed: FlaskClient) -> None:
    having, _, without = page(placed, "&region=Сумська").partition('id="without"')
    assert "Конотопська" in having
    assert "Роменська" in without
    assert "Конотопська" not in without


def test_the_page_speaks_ukrainian(placed: FlaskClient) -> None:
    text = placed.get("/coverage?lang=uk").get_data(as_text=True)
    assert "Громад із читачами: 1 із 1\u00a0774" in text
    assert "можливо, Конотопська" in text


@pytest.mark.parametrize("region", ["Шумська", "<script>", "%00"])
def test_an_unknown_region_is_not_found(placed: FlaskClient, region: str) -> None:
    assert placed.get("/coverage", query_string={"region": region}).status_code == 404


def test_no_address_of_a_reader_is_on_the_page(placed: FlaskClient) -> None:
    assert "@example.org" not in page(placed) + page(placed, "&region=Сумська")


def test_a_workspace_without_places_says_so(placed: FlaskClient, proofs: Proofs) -> None:
    proofs.workspace.settings.fields.clear()
    assert "has no fields of the kinds region and community" in page(placed)


def test_other_hosts_get_nothing(placed: FlaskClient) -> None:
    assert placed.get("/coverage", headers={"Host": "news.example.org"}).status_code == 400
