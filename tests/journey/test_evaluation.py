"""An organisation on v1 evaluates, exports and activates with that export in one action, and follows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from simulator.madejobs import dataset_of
from simulator.server import Simulator
from tests.journey.pages import Chain, Evaluation, Journey
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
        chain, evaluation = Chain(me), Evaluation(me, "chain")
        chain.unfold()
        expect(chain.question).to_contain_text("ignore export jobs that were asked for by API")
        looks_right(me.page, "chain, question")
        chain.dataset.fill(dataset_of(place))
        chain.answer()
        expect(me.title).to_have_text("Evaluation")
        row = evaluation.line(pair.name)
        expect(row).to_contain_text("1 of 3: evaluating")
        expect(evaluation.line("Evaluation · 1 audience")).to_contain_text("asked for by")
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
        evaluation = Evaluation(me, "jobs").open()
        evaluation.audiences.fill("nobody")
        evaluation.evaluate()
        expect(evaluation.error).to_contain_text("Not known here: nobody")
        looks_right(me.page, "evaluation, wrong")
        evaluation.audiences.fill("")
        evaluation.evaluate()
        row = evaluation.line("asked for by marketer")
        expect(row).to_contain_text("Evaluation · all audiences")
        row.get_by_role("button", name="Cancel").click()
        expect(row).to_contain_text("CANCEL", timeout=60_000)
        looks_right(me.page, "evaluation, cancelled")
        bob = journey("looker", viewport=WIDE, bypass_csp=True)
        Evaluation(bob).open()
        looks_right(bob.page, "evaluation, viewer")
