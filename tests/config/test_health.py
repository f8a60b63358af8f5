"""`/healthz` says the process lives; `/readyz` names the part that does not."""

import time

import pytest
from django.core.cache import cache
from django.test import Client
from kombu.exceptions import OperationalError

from config import readiness
from config.celery import app
from config.tasks import heartbeat, note_pulse, note_tick

pytestmark = pytest.mark.django_db(transaction=True)
DEAD_BROKER = "redis://127.0.0.1:1/0"


@pytest.fixture
def alive() -> None:
    """Beat and a worker gave a sign of life just now."""
    readiness.note(readiness.BEAT_KEY)
    readiness.note(readiness.WORKER_KEY)


@pytest.fixture
def dead_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery's broker is away; the cache is not."""
    monkeypatch.setattr(app.conf, "broker_write_url", DEAD_BROKER)


def test_it_works(client: Client, alive: None) -> None:
    answer = client.get("/readyz")
    assert answer.json()["failing"] == [], answer.content
    assert answer.status_code == 200
    assert set(answer.json()["parts"]) == {"database", "broker", "beat", "worker"}


def test_healthz_needs_no_login_no_host_and_no_database(client: Client, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz", HTTP_HOST="load-balancer.example")
    assert answer.status_code == 200
    assert "Location" not in answer.headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_asked_over_plain_http(client: Client, alive: None, path: str, settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get(path).status_code == 200


@pytest.mark.parametrize(("key", "part"), [(readiness.BEAT_KEY, "beat"), (readiness.WORKER_KEY, "worker")])
@pytest.mark.parametrize("age", [None, readiness.LONGEST_SILENCE + 5])
def test_silent_part_is_named(client: Client, alive: None, key: str, part: str, age: float | None) -> None:
    cache.delete(key) if age is None else cache.set(key, time.time() - age, None)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["failing"] == [part]
    assert answer.json()["parts"][part]["says"].endswith(".")


def test_dead_broker_is_named_soon(client: Client, alive: None, dead_broker: None) -> None:
    began = time.monotonic()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["broker"])
    assert time.monotonic() - began < 3


def test_dead_cache_is_answered_soon(client: Client, alive: None, dead_broker: None, settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": DEAD_BROKER}}
    began = time.monotonic()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["broker", "beat", "worker"])
    assert time.monotonic() - began < 3


def test_dead_database_is_named(client: Client, alive: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> readiness.Part:
        raise OSError("password of nobody")

    monkeypatch.setitem(readiness.PARTS, "database", gone)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["database"])
    assert "nobody" not in answer.content.decode()


def test_hanging_part_does_not_hang_the_answer(
    client: Client, alive: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(readiness.PARTS, "database", lambda: time.sleep(4))  # type: ignore[arg-type, return-value]
    began = time.monotonic()
    assert client.get("/readyz").json()["failing"] == ["database"]
    assert time.monotonic() - began < 3


def test_heartbeat_and_tick_are_told_apart() -> None:
    heartbeat()
    assert readiness.worker().ok
    assert not readiness.beat().ok
    note_tick()
    assert readiness.beat().ok


def test_a_worker_without_beat_is_not_blamed() -> None:
    """Without beat there is no heartbeat task; a worker's connection shows that it lives."""
    note_pulse()
    assert readiness.worker().ok
    assert not readiness.beat().ok
    readiness.note(readiness.BEAT_KEY)
    assert not readiness.worker().ok, "beat gives it work, and it does none"


def test_press_on_a_dead_broker_fails_at_once(dead_broker: None) -> None:
    began = time.monotonic()
    with app.connection_for_write(DEAD_BROKER) as link, pytest.raises(OperationalError):
        app.send_task("config.tasks.heartbeat", connection=link)
    assert time.monotonic() - began < 2
