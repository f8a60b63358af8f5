"""An organisation on v1 evaluates, exports and activates with that export in one action, and follows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from simulator.madejobs import dataset_of
from simulator.server import Simulator
from tests.journey.pages import Journey
from tests.journey.stage import SPEED, Stage, times_sent
from tests.journey.test_looks import WIDE, looks_right

pytestmark = [pytest.mark.browser, pytest.mark.stack]
Open = Callable[..., Journey]


def test_the_chain_from_the_question_to_the_destination(stage: Stage, journey: Open) -> None:
    with Simulator(port=0, seed=78, dataflows=4, audiences=20, speed=SPEED) as sim:
        fields = {"adhoc_version": "v1"}
        pairs = stage.furnisher.pairs(place="chain", address=sim.url, fields=fields)
        place = sim.world.sandboxes["prod"]
        pair = next(
            one for one in pairs if one.kind == "ready" and not place.audiences[one.audience].external
        )
        me = journey(viewport=WIDE, bypass_csp=True)
        me.ask(pair)
        me.page.get_by_text("Evaluate and export first (v1)").click()
        expect(me.page.locator("form.question")).to_contain_text(
            "ignore export jobs that were asked for by API"
        )
        looks_right(me.page, "chain, question")
        me.page.get_by_label("Dataset id of the export").fill(dataset_of(place))
        me.button("Evaluate, export, then activate").click()
        expect(me.title).to_have_text("Evaluation")
        row = me.page.locator("#standing tr", has_text=pair.name)
        expect(row).to_contain_text("1 of 3: evaluating")
        expect(me.page.locator("#standing tr", has_text="Evaluation · 1 audience")).to_contain_text(
            "asked for by"
        )
        looks_right(me.page, "chain, evaluating")
        expect(row).to_contain_text("2 of 3: exporting", timeout=90_000)
        expect(row).to_contain_text("Activated", timeout=90_000)
        looks_right(me.page, "chain, over")
        row.get_by_role("link", name="Open the activation").click()
        me.stands("1 delivered")
        assert times_sent(sim, pair) == 1
        assert [job.kind for job in place.jobs] == ["segment", "export"]


def test_a_job_is_asked_for_and_cancelled(stage: Stage, journey: Open) -> None:
    with Simulator(port=0, seed=79, dataflows=4, audiences=20, speed=1) as sim:
        stage.furnisher.pairs(place="jobs", address=sim.url)
        me = journey(viewport=WIDE, bypass_csp=True)
        me.open("/w/jobs/evaluation/")
        me.page.locator("#id_evaluate-audiences").fill("nobody")
        me.button("Evaluate now").click()
        expect(me.page.locator(".error")).to_contain_text("Not known here: nobody")
        looks_right(me.page, "evaluation, wrong")
        me.page.locator("#id_evaluate-audiences").fill("")
        me.button("Evaluate now").click()
        row = me.page.locator("#standing tr", has_text="asked for by marketer")
        expect(row).to_contain_text("Evaluation · all audiences")
        row.get_by_role("button", name="Cancel").click()
        expect(row).to_contain_text("CANCEL", timeout=60_000)
        looks_right(me.page, "evaluation, cancelled")
        looks_right(
            journey("looker", viewport=WIDE, bypass_csp=True).open("/w/demo/evaluation/").page,
            "evaluation, viewer",
        )
