"""In which language a person is told things: what they chose, then what their browser asks for, then the site's."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _


def known(code: str) -> bool:
    return code in dict(settings.LANGUAGES)


def validate_language(code: str) -> None:
    if not known(code):
        raise ValidationError(_("%(value)s is not a language of this dashboard."), params={"value": code})


def to_tell(chosen: str) -> str:
    """The language in which to write to a person who chose this one, or none."""
    return chosen if known(chosen) else settings.LANGUAGE_CODE


def remember(response: HttpResponseBase, chosen: str) -> None:
    """Let this browser ask for the person's language from now on; without a choice it asks for its own."""
    if not known(chosen):
        response.delete_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            path=settings.LANGUAGE_COOKIE_PATH,
            domain=settings.LANGUAGE_COOKIE_DOMAIN,
            samesite=settings.LANGUAGE_COOKIE_SAMESITE,
        )
        return
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
