"""Every request: the viewer's zone, `Vary: HX-Request`, and where an expired login leads."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from config.middleware import viewer

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/destinations/?q=sftp"}


def seen_zone(user: Any) -> str:
    """Name of the zone a view of this user works in."""
    request = RequestFactory().get("/")
    request.user = user

    def view(_: HttpRequest) -> HttpResponse:
        return HttpResponse(timezone.get_current_timezone_name())

    answer = viewer(view)(request)
    assert answer.headers["Vary"] == "HX-Request"
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


def test_times_are_in_the_viewers_zone() -> None:
    assert seen_zone(get_user_model()(time_zone="Asia/Tokyo")) == "Asia/Tokyo"
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize("zone", ["", "Europe/Atlantis", "../../etc/passwd"])
def test_unknown_zone_is_the_houses(zone: str) -> None:
    assert seen_zone(get_user_model()(time_zone=zone)) == "UTC"


def test_nobody_sees_the_houses_zone() -> None:
    assert seen_zone(AnonymousUser()) == "UTC"


@pytest.mark.django_db
class TestExpiredLogin:
    def test_page_goes_to_the_login_and_back(self, client: Client) -> None:
        answer = client.get("/?q=sftp")
        assert answer.status_code == 302
        assert answer["Location"] == "/accounts/login/?next=/%3Fq%3Dsftp"

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_htmx_moves_the_whole_page(self, client: Client, method: str) -> None:
        answer = getattr(client, method)("/", headers=HTMX)
        assert answer.status_code == 200
        assert answer["HX-Redirect"] == "/accounts/login/?next=/destinations/%3Fq%3Dsftp"
        assert not answer.content
        assert "HX-Request" in answer["Vary"]

    def test_foreign_page_is_not_returned_to(self, client: Client) -> None:
        answer = client.get("/", headers={**HTMX, "HX-Current-URL": "https://evil.example/x"})
        assert answer["HX-Redirect"] == "/accounts/login/?next=/"

    def test_press_comes_back_to_its_page_not_to_the_press(self, client: Client) -> None:
        answer = client.post("/", headers={"Referer": "http://testserver/destinations/"})
        assert answer["Location"].endswith("?next=http%3A//testserver/destinations/")
        assert client.post("/", headers={"Referer": "https://evil.example/"})["Location"].endswith("?next=/")
