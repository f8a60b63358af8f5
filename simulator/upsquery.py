"""The query grammar and the error envelope of the segmentation service."""

from simulator.wire import Ask, Refusal

ERRORS = "https://ns.adobe.com/aep/errors/"
MAX_LIMIT = 100


def ups_refusal(ask: Ask, status: int, code: str, message: str) -> Refusal:
    """The service's envelope: errors are keyed by the status as a string."""
    return Refusal(
        status,
        {
            "requestId": ask.request_id,
            "errors": {str(status): [{"code": code, "message": message}]},
            "type": f"{ERRORS}{code}",
            "title": message,
            "status": status,
        },
    )


def bad_value(ask: Ask, message: str) -> Refusal:
    """A query the service cannot read; the code is ours, the vendor lists none."""
    return ups_refusal(ask, 400, "UPAPI-113015-400", message)


def only(ask: Ask, *names: str) -> None:
    """SILENT on unknown parameters; the stricter reading refuses them."""
    for name, _ in ask.query:
        if name not in names:
            raise bad_value(ask, f"The query parameter {name} is not supported.")


def whole(ask: Ask, name: str, default: int, least: int, most: int) -> int:
    """A whole number from the query."""
    text = ask.first(name)
    if text is None:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise bad_value(ask, f"The query parameter {name} must be between {least} and {most}.")
    return int(text)


def sorting(ask: Ask, fields: frozenset[str], default: str) -> tuple[str, bool]:
    """`field:asc|desc` as a field and whether it descends."""
    field, _, direction = (ask.first("sort") or default).partition(":")
    if field not in fields or direction not in ("asc", "desc"):
        raise bad_value(ask, "The query parameter sort is not valid.")
    return field, direction == "desc"
