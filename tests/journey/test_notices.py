"""Being told: a webhook of one's own, tried on the real path, then an activation that everybody hears of once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from notices import signing
from tests.config.stack import eventually
from tests.journey.pages import Channel, Journey, Notices, Notifications
from tests.journey.stage import Stage
from tests.journey.test_looks import WIDE, looks_right
from tests.notices.receiver import Heard, Receiver, listening

pytestmark = [pytest.mark.browser, pytest.mark.stack]
Open = Callable[..., Journey]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as found:
        yield found


def is_signed(heard: Heard, secret: str) -> bool:
    key, moment = heard.headers["webhook-id"], int(heard.headers["webhook-timestamp"])
    return heard.headers["webhook-signature"] == signing.signature(secret, key, moment, heard.body)


def test_a_webhook_is_tried_and_then_tells_once(stage: Stage, journey: Open, receiver: Receiver) -> None:
    (pair,) = stage.deal()
    me = journey(bypass_csp=True, viewport=WIDE)
    form = Notifications(me).open().add("Webhook")
    form.name.fill("Pager")
    form.address.fill("http://10.9.8.7/hook")
    form.save()
    expect(me.page.locator("main")).to_contain_text("https://", timeout=5_000)
    expect(form.address).to_be_visible()
    form.address.fill(receiver.url)
    secret = form.secret.input_value()
    form.only_asked_for.check()
    form.save()
    expect(me.title).to_have_text("Pager")
    expect(me.page.locator("main")).not_to_contain_text("very-secret-path")

    receiver.answers = [500]
    channel = Channel(me)
    channel.send_test()
    expect(channel.errands).to_contain_text("500")
    looks_right(me.page, "channel, test failed")
    me.open(me.page.url)
    channel.send_test()
    expect(me.row("test").first).to_contain_text("Sent")
    looks_right(me.page, "channel, test sent")
    assert all(is_signed(one, secret) for one in receiver.heard)
    tried = len(receiver.heard)

    me.press(pair).stands(re.compile("delivered"))
    assert eventually(lambda: len(receiver.heard) > tried, 60)
    told = receiver.heard[-1]
    assert is_signed(told, secret)
    assert pair.name in told.body
    Notices(me).open()
    expect(me.row(pair.name).first).to_contain_text("Finished")
    assert len(receiver.heard) == tried + 1, "it was told more than once"
    Notifications(me).open()
    me.link("Pager").click()
    channel.remove()
    expect(me.page.locator("main")).to_contain_text("“Pager” is removed.")
