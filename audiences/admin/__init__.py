"""The administrator's pages of people, workspaces and the mirror."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audiences.admin import catalog, external, people, runs, wishes, words, workspaces
from audiences.admin.naming import put_words

__all__ = ["catalog", "external", "people", "runs", "wishes", "workspaces"]

put_words("audiences", words.MODELS, words.FIELDS)
admin.site.site_header = _("Activate on-demand: administration")
admin.site.site_title = pgettext_lazy("product", "Activate on-demand")
admin.site.index_title = _("What there is")
