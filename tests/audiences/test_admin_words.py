"""What the admin calls models and fields is in the reader's language."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.utils.functional import Promise
from django.utils.translation import override

OURS = ("audiences", "activations", "notices")


@pytest.fixture(scope="module", autouse=True)
def built():
    admin.autodiscover()


def named():
    """Everything that has words, with where it stands."""
    for model in (model for app in OURS for model in apps.get_app_config(app).get_models()):
        yield model.__name__, model._meta.verbose_name
        yield f"{model.__name__}s", model._meta.verbose_name_plural
        for field in (*model._meta.fields, *model._meta.many_to_many):
            if not field.primary_key:
                yield f"{model.__name__}.{field.name}", field.verbose_name


def test_nothing_is_called_by_its_own_name():
    assert [where for where, words in named() if not isinstance(words, Promise)] == []


@pytest.mark.django_db
def test_the_lists_of_the_admin_say_it(admin_client):
    with override("fr"):
        page = admin_client.get("/admin/", headers={"accept-language": "fr"}).content.decode()
    assert "Espaces de travail" in page
    assert "Workspaces" not in page
