"""Adding an activation to a connection, changing it, switching it on and off, and removing it."""

from __future__ import annotations

from audiences.models import Audience, Dataflow, Mapping, Wish
from audiences.segment import mapping as as_mapping
from audiences.supported import hidden_in
from audiences.wishes.doubt import not_while_it_may_appear
from audiences.wishes.outcomes import Already, Denied, Granted, Meanwhile, NotYet
from audiences.wishes.segment import mirror
from audiences.wishes.segment.terms import (
    Json,
    Note,
    activation_terms,
    change_of,
    personalization_of,
    secrets_in,
    sends_anyway,
)
from platforms import types
from platforms.answer import redact
from platforms.errors import Conflict, NotFound
from platforms.segment import SegmentClient
from platforms.segment.decoding import without_secrets
from platforms.segment.envelopes import one_is_going_on
from platforms.segment.types import (
    ActionMapping,
    Activation,
    ActivationChange,
    NewActivation,
    Personalization,
    Profile,
)

What = Wish.What
# A resync that somebody else began takes its time; it is looked for again after this, in seconds.
RESYNC_LASTS = 30.0
SWITCHES = {What.ENABLE.value: True, What.DISABLE.value: False}


def perform(client: SegmentClient, wish: Wish, wanted: Json, note: Note) -> Granted:
    """Read the activation, judge, and ask once. Raises as `wishes.segment.perform`."""
    if wish.what == What.MAP:
        return _add(client, wish, wanted, note)
    mapping, audience = _of(wish)
    try:
        here = client.activation(audience.platform_id, mapping.platform_id)
        if wish.what == What.UNMAP:
            return _remove(client, wish, here, note)
        return _change(client, wish, here, wanted, note)
    except NotFound as error:
        mirror.removed(mapping)
        if wish.what == What.UNMAP:
            raise Already from None
        raise Denied("not_found", error) from error


def _add(client: SegmentClient, wish: Wish, wanted: Json, note: Note) -> Granted:
    """After a lost answer it is looked for; one of the same name and action that was there before is another's."""
    flow, audience = wish.dataflow, wish.audience
    if flow is None or audience is None:
        raise ValueError(f"wish {wish.pk} ({wish.what}) is about no connection")
    found = _same(client, flow, audience, wanted)
    if found is not None and wish.doubtful:
        raise Already(lambda _at: _made(wish, flow, audience, found))
    if found is not None:
        mirror.activated(flow, audience, found)
        raise Meanwhile({"activation": "yes"})
    if wish.doubtful:
        not_while_it_may_appear(wish, client.platform_now())
    try:
        made, told = client.add_activation(audience.platform_id, flow.platform_id, new_of(wanted), last=note)
    except NotFound as error:
        # The audience was there just now.
        mirror.disconnected(flow)
        raise Denied("not_found", error) from error
    except Conflict as error:
        if one_is_going_on(error):
            raise NotYet(RESYNC_LASTS, "resync_elsewhere") from error
        raise Denied("exists", error) from error
    answer = redact(told.body, secrets_in(wanted, wish.wanted))
    return Granted(lambda _at: _made(wish, flow, audience, made), told.request_id, told.status, answer)


def new_of(wanted: Json) -> NewActivation:
    """The activation that is asked for."""
    action = wanted.get("action")
    return NewActivation(
        type=str(wanted["type"]),
        name=str(wanted["name"]),
        enabled=bool(wanted["enabled"]),
        resync=bool(wanted["resync"]),
        display_name=wanted.get("display_name") or None,
        personalization=personalization_of(wanted) or Personalization(Profile()),
        mapping=ActionMapping(str(action), wanted.get("settings") or {}) if action else None,
    )


def _same(client: SegmentClient, flow: Dataflow, audience: Audience, wanted: Json) -> Activation | None:
    try:
        every = client.activations(audience.platform_id)
    except NotFound:
        mirror.gone(audience)
        raise
    asked = (flow.platform_id, wanted["name"], wanted["type"], wanted.get("action") or None)
    fits = (
        one
        for one in every
        if (one.connection, one.name, one.type, one.mapping.action if one.mapping else None) == asked
    )
    return next(fits, None)


def _made(wish: Wish, flow: Dataflow, audience: Audience, one: Activation) -> None:
    wish.mapping = mirror.activated(flow, audience, one)
    Wish.objects.filter(pk=wish.pk).update(mapping=wish.mapping)


def _change(client: SegmentClient, wish: Wish, here: Activation, wanted: Json, note: Note) -> Granted:
    mapping, audience = _of(wish)
    now = _terms(wish, here)
    if _is_so(wish, here) and not sends_anyway(wish, now):
        mirror.activated(mapping.dataflow, audience, here)
        raise Already
    if wish.what not in SWITCHES:
        _still_as_seen(wish, here, now)
    change = _asked(wish, wanted)
    made = client.change_activation(audience.platform_id, here.id, change, last=note)
    return Granted(lambda _at: mirror.activated(mapping.dataflow, audience, made))


def _asked(wish: Wish, wanted: Json) -> ActivationChange:
    return change_of({"enabled": SWITCHES[wish.what]} if wish.what in SWITCHES else wanted)


def _is_so(wish: Wish, here: Activation) -> bool:
    """Whether the change would change nothing, as far as it can be seen: what it leaves out stays as it is."""
    change, hidden = _asked(wish, wish.wanted), hidden_in(wish.workspace)
    people, mapped = change.personalization, change.mapping
    settings = without_secrets(here.mapping.settings if here.mapping else {}, hidden)
    return all((
        change.name in (None, here.name),
        change.enabled in (None, here.enabled),
        change.display_name is None or change.display_name == (here.display_name or ""),
        people is None or _same_people(here.personalization, people),
        mapped is None or all(key in settings and settings[key] == value for key, value in mapped.settings.items()),
    ))  # fmt: skip


def _same_people(now: Personalization, asked: Personalization) -> bool:
    return (
        asked.profile in (None, now.profile)
        and (asked.entities is None or asked.entities == (now.entities or ()))
        and asked.sync_entity_changes in (None, now.sync_entity_changes)
    )


def _terms(wish: Wish, here: Activation) -> dict[str, str]:
    """What a person would see of it now."""
    _, audience = _of(wish)
    told = as_mapping(types.Audience(audience.platform_id, audience.name), here, hidden_in(wish.workspace))
    return activation_terms(told.details, told.enabled)


def _still_as_seen(wish: Wish, here: Activation, now: dict[str, str]) -> None:
    if now != wish.seen:
        mapping, audience = _of(wish)
        mirror.activated(mapping.dataflow, audience, here)
        raise Meanwhile(now)


def _remove(client: SegmentClient, wish: Wish, here: Activation, note: Note) -> Granted:
    mapping, audience = _of(wish)
    _still_as_seen(wish, here, _terms(wish, here))
    client.remove_activation(audience.platform_id, here.id, last=note)
    return Granted(lambda _at: mirror.removed(mapping))


def _of(wish: Wish) -> tuple[Mapping, Audience]:
    """The activation and its audience, all at hand."""
    mapping = wish.mapping
    if mapping is None or wish.dataflow is None or wish.audience is None:
        raise ValueError(f"wish {wish.pk} ({wish.what}) is about no activation")
    mapping.dataflow = wish.dataflow
    return mapping, wish.audience
