"""Secrets at rest: encrypted, rotated, never shown."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from audiences import secrets
from audiences.models import Workspace

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_it_works():
    cipher = secrets.encrypt("p@ss wörd")
    assert "p@ss" not in cipher
    assert secrets.decrypt(cipher) == "p@ss wörd"
    assert secrets.encrypt("p@ss wörd") != cipher, "the same secret is never the same text"


def test_nothing_stays_nothing():
    assert secrets.encrypt("") == secrets.decrypt("") == ""


def test_rotation_reads_with_every_key_and_writes_with_the_first(settings):
    settings.FIELD_KEYS = [OLD]
    cipher = secrets.encrypt("secret")
    settings.FIELD_KEYS = [NEW, OLD]
    assert secrets.decrypt(cipher) == "secret"
    renewed = secrets.encrypt("secret")
    settings.FIELD_KEYS = [NEW]
    assert secrets.decrypt(renewed) == "secret"
    with pytest.raises(ValueError, match="FIELD_KEYS"):
        secrets.decrypt(cipher)


@pytest.mark.parametrize("cipher", ["nonsense", "gAAAAA", "ä"])
def test_what_cannot_be_opened_says_so_without_showing_it(cipher):
    with pytest.raises(ValueError, match="cannot be opened") as error:
        secrets.decrypt(cipher)
    assert cipher not in str(error.value)


def test_a_malformed_key_is_named(settings):
    settings.FIELD_KEYS = ["too short"]
    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS"):
        secrets.encrypt("x")


@pytest.mark.django_db
def test_the_database_never_sees_the_secret():
    workspace = Workspace(slug="w", name="W", org="o", client_id="c")
    workspace.client_secret = "very secret"
    workspace.save()
    row = Workspace.objects.filter(pk=workspace.pk).values().get()
    assert "very secret" not in str(row)
    assert Workspace.objects.get(pk=workspace.pk).client_secret == "very secret"
    assert "very secret" not in repr(workspace) + str(workspace)
