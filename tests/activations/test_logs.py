"""What the logs name: every change of state with its activation, job and deliveries; never a secret."""

from __future__ import annotations

import logging

import pytest

from activations import actions, tasks
from activations.naming import NAMED, ids
from audiences.models import Workspace
from tests.activations.world import only

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lines(caplog):
    """The log's lines so far, as fields."""
    caplog.set_level(logging.DEBUG)
    return lambda: [record.msg for record in caplog.records if isinstance(record.msg, dict)]


def said(lines, sentence):
    return [line for line in lines() if line["event"] == sentence]


def test_it_works(stage, lines):
    """From the press to the delivered file each line says which activation it is about."""
    activation = stage.press(stage.good(2))
    tasks.dispatch(stage.workspace.pk)
    pks = sorted(activation.deliveries.values_list("pk", flat=True))
    job = activation.deliveries.first().job_id

    (asked,) = said(lines, "Deliveries were asked for.")
    assert (asked["activations"], sorted(asked["deliveries"])) == ([activation.pk], pks)
    (answered,) = said(lines, "A job was answered.")
    assert answered["job"] == job
    assert answered["activations"] == [activation.pk]
    assert sorted(answered["deliveries"]) == pks
    assert answered["workspace"] == stage.workspace.slug
    assert answered["level"] == "info"
    moved = said(lines, "Deliveries moved.")
    assert [(line["what"], line["job"]) for line in moved] == [("sent", job), ("accepted", job)]
    stage.settle()
    assert said(lines, "Deliveries moved.")[-1]["state"] == "succeeded"


def test_the_call_itself_names_its_job_and_activations(stage, lines):
    activation = stage.press(stage.good(1))
    tasks.dispatch(stage.workspace.pk)
    (call,) = [line for line in said(lines, "Platform call") if line["path"].endswith("/adhocrun")]
    assert call["job"] == only(activation).job_id
    assert call["activations"] == [activation.pk]
    assert call["deliveries"] == [only(activation).pk]


def test_nothing_of_a_job_clings_to_later_lines(stage, lines):
    stage.press(stage.good(1))
    tasks.dispatch(stage.workspace.pk)
    count = len(lines())
    actions.cancel(stage.press(stage.good(2)[1:]), by=None)
    assert all("workspace" not in line or line["workspace"] == "demo" for line in lines()[count:])
    assert all("job" not in line for line in lines()[count:])


def test_an_expected_refusal_is_a_warning(stage, lines):
    stage.fault("status", status=403)
    stage.press(stage.good(1))
    tasks.dispatch(stage.workspace.pk)
    assert [line["level"] for line in said(lines, "A job was answered.")] == ["warning"]
    assert said(lines, "Deliveries moved.")[-1]["level"] == "warning"


def test_no_secret_is_logged(stage, lines, capsys):
    stage.press(stage.good(1))
    tasks.dispatch(stage.workspace.pk)
    stage.settle()
    text = repr(lines()) + capsys.readouterr().err
    assert "demo-secret" not in text
    assert "Bearer" not in text


def test_a_press_of_thousands_stays_one_readable_line():
    class Row:
        def __init__(self, pk):
            self.pk, self.activation_id = pk, 7

    named = ids([Row(pk) for pk in range(5000)])
    assert len(named["deliveries"]) == NAMED
    assert (named["activations"], named["count"]) == ([7], 5000)
    assert "count" not in ids([Row(1)])


def test_a_rolled_back_move_is_not_told(stage, lines):
    from django.db import transaction

    with transaction.atomic():
        stage.press(stage.good(1))
        transaction.set_rollback(True)
    assert not said(lines, "Deliveries were asked for.")
    assert Workspace.objects.exists()
