"""Mail through Django's settings, and that no address, no secret and no key of ours gets out."""

from __future__ import annotations

import json
import logging
import os
import smtplib
import subprocess
import sys

import pytest
from django.core import mail

from config.environment import CHECKS
from notices import carry, rounds
from notices.guard import is_allowed
from notices.models import Errand
from notices.outbox import collect
from notices.parcels import Parcel, pack
from tests.config.test_environment import load_settings
from tests.environment import ROOT
from tests.notices.conftest import SECRET, channel, finished

pytestmark = pytest.mark.django_db


@pytest.fixture
def _mail_server(settings):
    settings.EMAIL_URL = "smtp://mail.example.com"
    settings.DEFAULT_FROM_EMAIL = "Activate <activate@example.com>"


def told(house) -> Errand:
    finished(house, "failed", name="Flash sale")
    collect()
    rounds.carry_due()
    return Errand.objects.select_related("channel").get()


class TestMail:
    @pytest.mark.usefixtures("_mail_server")
    def test_it_works(self, house):
        channel(house, "ops@example.com", kind="email")
        errand = told(house)
        assert errand.state == Errand.State.DONE
        (letter,) = mail.outbox
        assert letter.subject == "[prod] Flash sale → Campaign S3: failed (fixable)"
        assert (letter.to, letter.from_email) == (["ops@example.com"], "Activate <activate@example.com>")
        assert letter.extra_headers["Message-ID"] == f"<{errand.key}@example.com>"
        assert "The run failed." in letter.body

    def test_without_a_mail_server_it_says_so(self, house):
        channel(house, "ops@example.com", kind="email")
        errand = told(house)
        assert errand.state == Errand.State.FAILED
        assert errand.words.startswith("No mail server is set")
        assert mail.outbox == []

    @pytest.mark.usefixtures("_mail_server")
    def test_a_server_that_refuses_is_asked_again(self, house, monkeypatch, settings):
        def refuse(*args, **kwargs):
            raise smtplib.SMTPRecipientsRefused({"ops@example.com": (550, b"no such box")})

        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        channel(house, "ops@example.com", kind="email")
        errand = told(house)
        assert errand.state == Errand.State.WAITING
        assert "550" in errand.words
        assert "ops@example.com" not in errand.words

    def test_the_server_is_named_by_one_variable(self):
        names = [
            "EMAIL_HOST",
            "EMAIL_PORT",
            "EMAIL_HOST_USER",
            "EMAIL_HOST_PASSWORD",
            "EMAIL_USE_TLS",
            "EMAIL_TIMEOUT",
        ]
        done = subprocess.run(
            [sys.executable, "-c", f"from config import settings as s; print(*(getattr(s, n) for n in {names}))"],
            cwd=ROOT, capture_output=True, text=True, check=True,
            env={**os.environ, "EMAIL_URL": "smtp+tls://us%40er:pa%2Fss@mail.example.com:587"},
        )  # fmt: skip
        assert done.stdout.split() == ["mail.example.com", "587", "us@er", "pa/ss", "True", "30"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("EMAIL_URL", "pigeon://secret@home"),
            ("SITE_URL", "activate.internal"),
            ("NOTIFY_NETWORKS", "10.0.0.1/8"),
            ("NOTIFY_TIMEOUT", "0"),
        ],
    )
    def test_malformed_values_stop_the_start_and_are_not_shown(self, name, value):
        done = load_settings(**{name: value})
        assert f"Environment variable {name} is malformed" in done.stderr
        assert value not in done.stderr.replace("10.1.0.0/16", "")
        assert name in CHECKS


class TestSecrets:
    def parcel(self, house) -> Parcel:
        made = channel(house, "https://user:pass-word@example.com/services/T0000000A?sig=abc%2Fdefgh")
        return pack(Errand(channel=made, created_at=made.created_at))

    def test_a_parcel_shows_neither_address_nor_secret(self, house):
        shown = repr(self.parcel(house))
        assert "T0000000A" not in shown
        assert SECRET not in shown

    @pytest.mark.parametrize("piece", ["T0000000A", "pass-word", "abc%2Fdefgh", "abc/defgh", "abc%252Fdefgh"])
    def test_no_piece_of_an_address_is_kept(self, house, piece):
        assert piece not in carry.clean(f"url: /services/{piece} failed", self.parcel(house))

    def test_what_the_receiver_echoes_is_kept_without_the_secrets(self, house, receiver, caplog):
        caplog.set_level(logging.DEBUG)
        receiver.answers, receiver.body = [500], f"POST {receiver.url} signed with {SECRET} failed"
        channel(house, receiver.url)
        errand = told(house)
        assert "failed" in errand.words
        for text in (errand.words, caplog.text):
            assert "very-secret-path" not in text
            assert SECRET not in text

    def test_the_courier_gets_none_of_our_keys(self, house, monkeypatch):
        seen = {}

        def run(command, **given):
            seen.update(given, command=command)
            raise OSError("not today")

        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
        monkeypatch.setattr(carry.subprocess, "run", run)
        with pytest.raises(OSError, match="not today"):
            carry.carry(self.parcel(house), channel(house, "x").created_at)
        assert not {"SECRET_KEY", "FIELD_KEYS", "DATABASE_URL", "EMAIL_URL"} & seen["env"].keys()
        assert seen["env"]["HTTPS_PROXY"] == "http://proxy.example.com:3128"
        assert "T0000000A" not in " ".join(seen["command"])
        assert "T0000000A" in json.loads(seen["input"])["url"]

    def test_a_secret_that_no_key_opens_is_said(self, house):
        made = channel(house, "https://example.com/hook")
        made.address_encrypted = "not a token"
        made.save()
        errand = told(house)
        assert errand.state == Errand.State.FAILED
        assert "cannot be opened" in errand.words


@pytest.mark.parametrize(
    ("address", "networks", "allowed"),
    [
        ("93.184.215.14", [], True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", [], True),
        ("127.0.0.1", [], False),
        ("127.0.0.1", ["10.0.0.0/8"], False),
        ("10.1.2.3", ["10.0.0.0/8"], True),
        ("::ffff:10.1.2.3", [], False),
        ("::ffff:10.1.2.3", ["10.0.0.0/8"], True),
        ("64:ff9b::a01:203", [], False),
        ("2002:a01:203::1", [], False),
        ("fe80::1%eth0", [], False),
        ("fd00::1", [], False),
        ("169.254.169.254", [], False),
        ("224.0.0.1", [], False),
        ("0.0.0.0", [], False),
        ("100.64.0.1", [], False),
        ("example.com", [], False),
    ],
)
def test_where_notices_may_go(address, networks, allowed):
    assert is_allowed(address, networks) is allowed
