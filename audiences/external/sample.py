"""A CSV sample dropped into the form: only its first bytes are read, in memory, and only its columns are kept."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.translation import gettext as _

READ_BYTES = 64 * 1024
ROWS_READ = 50
MOST_COLUMNS = 41
DELIMITERS = ",;\t|"
INTEGER = 2**31
IDENTITIES = {
    "email": "Email", "emailaddress": "Email", "mail": "Email", "ecid": "ECID", "phone": "Phone",
    "phonenumber": "Phone", "mobile": "Phone", "crmid": "CRMID", "customerid": "CRMID", "gaid": "GAID", "idfa": "IDFA",
}  # fmt: skip


class Unreadable(Exception):
    """The sample gives no columns. `str()` says why."""


class FirstBytes(FileUploadHandler):
    """Keeps the first bytes of an upload in memory and lets the rest go by: nothing reaches the disk."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept = bytearray()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.kept += raw_data[: max(0, READ_BYTES - start)]

    def file_complete(self, file_size: int) -> SimpleUploadedFile:  # noqa: ARG002  Django passes it
        return SimpleUploadedFile(self.file_name or "", bytes(self.kept), self.content_type or "")


def columns_of(content: bytes) -> list[dict[str, str]]:
    """Name, type and guessed identity of each column, from the header and the first rows. Raises Unreadable."""
    rows = _rows(content[:READ_BYTES], cut=len(content) >= READ_BYTES)
    names = [name.strip() for name in rows[0]]
    if not any(names):
        raise Unreadable(_("The first line has no column names."))
    if len(names) > MOST_COLUMNS:
        raise Unreadable(
            _("The file has %(n)s columns; Adobe takes %(most)s at most.")
            % {"n": len(names), "most": MOST_COLUMNS}
        )
    found, guessed = [], False
    for place, name in enumerate(names):
        identity = "" if guessed else IDENTITIES.get(re.sub(r"[^a-z]", "", name.casefold()), "")
        guessed = guessed or bool(identity)
        values = [row[place].strip() for row in rows[1:] if place < len(row)]
        kind = "string" if identity else type_of(values)
        found.append({"name": name, "type": kind, "identity": identity, "labels": ""})
    return found


def _rows(content: bytes, *, cut: bool) -> list[list[str]]:
    if b"\x00" in content:
        raise Unreadable(_("This is no text file. Drop a CSV file, not a spreadsheet or an archive."))
    text = content.decode("utf-8-sig", "replace")
    lines = text.splitlines()
    # The last line may be cut in the middle.
    lines = lines[:-1] if cut and len(lines) > 1 else lines
    lines = lines[: ROWS_READ + 1]
    if not lines or not lines[0].strip():
        raise Unreadable(_("The file is empty, or its first line is."))
    delimiter = max(DELIMITERS, key=lines[0].count)
    try:
        return [row for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter) if row]
    except csv.Error as error:
        raise Unreadable(_("The file cannot be read as CSV.")) from error


def type_of(values: Sequence[str]) -> str:
    """The narrowest of Adobe's types that holds all of the values; text when there are none."""
    given = [value for value in values if value]
    if not given:
        return "string"
    for kind, fits in TYPES:
        if all(fits(value) for value in given):
            return kind
    return "string"


def _whole(value: str) -> bool:
    """A number that may be reckoned with: one with leading zeros is a code, not a number."""
    return re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", value) is not None


def _date(value: str) -> bool:
    try:
        return len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _moment(value: str) -> bool:
    try:
        return "T" in value and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


TYPES = (
    ("boolean", lambda value: value.casefold() in ("true", "false")),
    ("integer", lambda value: _whole(value) and abs(int(value)) < INTEGER),
    ("long", _whole),
    ("number", lambda value: re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", value) is not None),
    ("date", _date),
    ("datetime", _moment),
)
