"""Gives models and fields their words in the reader's language.

Django makes a field's words of its name ("sync state") where it is given none. Nobody translates those, so the words
are kept in tables, and put in place when the admin is built; what a model says of itself stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.apps import apps
from django.utils.translation import override

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Lazy


def put_words(app: str, models: Iterable[tuple[Lazy, Lazy]], fields: Iterable[Lazy]) -> None:
    """Name the models of an app and their fields by the words that are English for what Django calls them."""
    with override(None):
        words = {str(word): word for pair in models for word in pair} | {str(word): word for word in fields}
        for model in apps.get_app_config(app).get_models():
            options = model._meta
            options.verbose_name = words.get(str(options.verbose_name), options.verbose_name)
            plural = str(options.verbose_name_plural)
            options.verbose_name_plural = words.get(plural, options.verbose_name_plural)
            for field in (*options.fields, *options.many_to_many):
                field.verbose_name = words.get(str(field.verbose_name), field.verbose_name)
