"""What the external audience service accepts, field by field, as its newest published page says.

Where that page contradicts itself or an older draft, its tables win: `sourceSpec.params` holds the source (the
draft has no such level), `cloudType` is required and `baseConnectionId` with S3, GCS and SFTP, the signing key
is `signVerificationKeyId`, and `ttlInDays` is a number (the page's own sample sends text).
"""

from collections.abc import Collection
from typing import Any

from simulator.upsquery import ERRORS
from simulator.wire import Json, Refusal

NAMES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    404: "NOT_FOUND",
    409: "DUPLICATE_RESOURCE",
    422: "UNPROCESSABLE_ENTITY",
}
CREATE = frozenset(
    {
        "name", "description", "customAudienceId", "fields", "sourceSpec", "ttlInDays", "audienceType",
        "originName", "namespace", "labels", "tags",
    }
)  # fmt: skip
UPDATE = frozenset({"description", "labels", "fields", "ttlInDays"})
START = frozenset({"dataFilterStartTime", "dataFilterEndTime"})
SOURCE = frozenset({"path", "type", "sourceType", "cloudType", "baseConnectionId", "encryption"})
TYPES = frozenset({"string", "number", "long", "integer", "date", "datetime", "boolean"})
CLOUDS = frozenset({"S3", "DLZ", "GCS", "Azure", "SFTP"})
NEED_CONNECTION = frozenset({"S3", "GCS", "SFTP"})
MOST_FIELDS = 41
LAST_SECOND = 10**11


def ais_refusal(code: str, detail: str) -> Refusal:
    """The service's refusal. Its codes are published, its envelope is SILENT: the platform's problem report."""
    status = int(code.rsplit("-", 1)[1])
    body = {"type": f"{ERRORS}{code}", "title": NAMES[status], "status": status, "detail": detail}
    return Refusal(status, body)


def bad(detail: str) -> Refusal:
    """The request's shape is wrong."""
    return ais_refusal("100910-400", detail)


def senseless(detail: str) -> Refusal:
    """The shape is right, the meaning is not."""
    return ais_refusal("100960-422", detail)


def an_object(value: Any, what: str, allowed: Collection[str]) -> Json:
    """An object with no property but these."""
    if not isinstance(value, dict):
        raise bad(f"{what} must be an object.")
    for name in value:
        if name not in allowed:
            raise bad(f"{name} is not a property of {what}.")
    return value


def check_create(body: Any) -> Json:
    """A checked creation, its defaults filled in."""
    given = an_object(body, "the request", CREATE)
    name = _text(given, "name", required=True)
    if not name.strip():
        raise bad("name must not be blank.")
    for key in ("description", "customAudienceId", "namespace"):
        _text(given, key)
    if _text(given, "originName", required=True) != "CUSTOM_UPLOAD":
        raise senseless("originName must be CUSTOM_UPLOAD.")
    if given.get("audienceType", "people") != "people":
        raise senseless("audienceType must be people.")
    for key in ("labels", "tags"):
        _texts(given, key)
    _check_fields(given.get("fields"))
    _check_source(given.get("sourceSpec"))
    return {"audienceType": "people", **given, "ttlInDays": check_ttl(given.get("ttlInDays", 30))}


def check_ttl(value: Any) -> int:
    """Days the data is kept."""
    if not _whole(value):
        raise bad("ttlInDays must be an integer.")
    if not 1 <= value <= 90:
        raise senseless("ttlInDays must be between 1 and 90.")
    return int(value)


def check_update(body: Any, fields: list[Json]) -> Json:
    """A checked change: what is named is replaced."""
    given = an_object(body, "the request", UPDATE)
    if not given:
        raise bad("The request names nothing to update.")
    _text(given, "description")
    _texts(given, "labels")
    if "ttlInDays" in given:
        check_ttl(given["ttlInDays"])
    known = {one["name"] for one in fields}
    changes = given.get("fields", [])
    if not isinstance(changes, list):
        raise bad("fields must be an array.")
    for one in changes:
        name = _text(
            an_object(one, "a field", {"name", "type", "identityNs", "labels"}), "name", required=True
        )
        _texts(one, "labels")
        if name not in known:
            raise senseless(f"fields: {name} is not a field of this audience.")
    return given


def check_start(body: Any) -> tuple[int, int | None]:
    """The span of an ingestion, in epoch seconds."""
    given = an_object(body, "the request", START)
    if "dataFilterStartTime" not in given:
        raise bad("dataFilterStartTime is required.")
    for name, value in given.items():
        if not _whole(value) or not 0 <= value < LAST_SECOND:
            raise bad(f"{name} must be an epoch timestamp in seconds.")
    since, until = given["dataFilterStartTime"], given.get("dataFilterEndTime")
    if until is not None and until <= since:
        raise senseless("dataFilterEndTime must be after dataFilterStartTime.")
    return since, until


def _check_fields(fields: Any) -> None:
    if not isinstance(fields, list) or not 1 <= len(fields) <= MOST_FIELDS:
        raise bad(f"fields must be an array of 1 to {MOST_FIELDS} fields.")
    names = []
    for one in fields:
        given = an_object(one, "a field", {"name", "type", "identityNs", "labels"})
        names.append(_text(given, "name", required=True))
        if given.get("type") not in TYPES:
            raise bad(f"fields: the type of {names[-1]} must be one of {', '.join(sorted(TYPES))}.")
        _text(given, "identityNs")
        _texts(given, "labels")
    if len(set(names)) < len(names):
        raise senseless("fields: the names must be unique.")
    if not any(one.get("identityNs") for one in fields):
        raise senseless("fields: one of the fields must be an identity field with an identityNs.")


def _check_source(source: Any) -> None:
    given = an_object(an_object(source, "sourceSpec", {"params"}).get("params"), "sourceSpec.params", SOURCE)
    path = _text(given, "path", required=True)
    if any(letter.isspace() for letter in path):
        raise senseless("path must not contain spaces.")
    if given.get("type") not in ("file", "folder"):
        raise bad("type must be file or folder.")
    if given.get("sourceType", "Cloud Storage") != "Cloud Storage":
        raise senseless("sourceType must be Cloud Storage.")
    if given.get("cloudType") not in CLOUDS:
        raise bad(f"cloudType must be one of {', '.join(sorted(CLOUDS))}.")
    connection = _text(given, "baseConnectionId")
    if given["cloudType"] in NEED_CONNECTION and not connection:
        raise bad(f"baseConnectionId is required with the cloudType {given['cloudType']}.")
    if "encryption" in given:
        keys = an_object(given["encryption"], "encryption", {"publicKeyId", "signVerificationKeyId"})
        _text(keys, "publicKeyId", required=True)
        _text(keys, "signVerificationKeyId")


def _text(given: Json, name: str, *, required: bool = False) -> str:
    value = given.get(name)
    if value is None and name not in given and not required:
        return ""
    if not isinstance(value, str) or (required and not value):
        raise bad(f"{name} is required and must be a string." if required else f"{name} must be a string.")
    return value


def _texts(given: Json, name: str) -> None:
    value = given.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise bad(f"{name} must be an array of strings.")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
