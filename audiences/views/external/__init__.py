"""The pages of external audiences: who, may they, what, show."""

from audiences.views.external.changes import change, check, delete, extend, ingest, look
from audiences.views.external.create import new
from audiences.views.external.detail import external, status
from audiences.views.external.list import externals

__all__ = ["change", "check", "delete", "extend", "external", "externals", "ingest", "look", "new", "status"]
