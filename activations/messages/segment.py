"""Messages of Segment workspaces: what only they know, and what Segment means where Adobe would mean something else."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from activations.messages.message import NOBODY, YOU, Message, table

KEEPER = _("Whoever looks after this audience and its destinations in Segment.")
ADMIN = _("Your administrator, in this workspace's settings and Segment's access management.")
TWILIO = _("Twilio Segment. Give its support what “For IT” shows of the call.")

OWN = table(
    Message(
        "credentials_missing", _("The workspace is not complete"),
        _("Its token or its space is missing, so Segment cannot be asked for anything."),
        _("Complete the workspace's settings, use “Check connection”, then retry."), "after", ADMIN,
    ),
    Message(
        "activation_vanished", _("The activation is gone"),
        _("The activation is no longer there at Segment."),
        _("Choose another one, or add it to the connection again."), "never", KEEPER,
    ),
    Message(
        "connection_disabled", _("The destination is disabled at Segment"),
        _("Segment sends nothing to a disabled destination."),
        _("Enable the destination in Segment, then retry."), "after", KEEPER,
    ),
    Message(
        "activation_disabled", _("The activation is disabled"),
        _("Segment does not say what a resync of a disabled activation does, so none was started."),
        _("Enable the activation, then retry."), "after", KEEPER,
    ),
    Message(
        "audience_disabled", _("The audience is disabled"),
        _("A disabled audience is not computed and sends nothing."),
        _("Enable the audience, then retry."), "after", KEEPER,
    ),
    Message(
        "audience_computing", _("Segment is computing the audience"),
        _("A resync started now could send a part of it."),
        _("Nothing: it goes by itself when Segment has computed it."), "itself", NOBODY, "moving",
    ),
    Message(
        "audience_locked", _("The audience is locked"),
        _("Segment is applying a change to it."),
        _("Nothing: it goes by itself when the change is applied."), "itself", NOBODY, "moving",
    ),
    Message(
        "resync_held", _("Another resync of ours is going on"),
        _("Segment allows one resync at a time in a workspace."),
        _("Nothing: it goes by itself when that one has finished."), "itself", NOBODY, "moving",
    ),
    Message(
        "resync_elsewhere", _("Another resync is going on"),
        _("Segment allows one resync at a time in a workspace, and one that was not started here is going on."),
        _("Nothing: it goes by itself when that one has finished."), "itself", NOBODY, "moving",
    ),
    Message(
        "joins_resync", _("A resync of it is going on already"),
        _("Somebody started a resync of this activation elsewhere; it sends the whole audience."),
        _("Nothing: we follow it until it has finished."), "unneeded", NOBODY, "moving",
    ),
    Message(
        "resync_not_seen", _("Finished, though never seen going on"),
        _("Segment accepted the resync, but did not show it as going on while we looked: it was short, or it never began."),
        _("Look in Segment whether people arrived if it matters; start another resync only if none did."),
        "unneeded", YOU, "look",
    ),
)  # fmt: skip

# What is said instead, in a Segment workspace, under codes that Adobe has, too.
INSTEAD = table(
    Message(
        "dataflow_vanished", _("The connection is gone"),
        _("The audience is no longer connected to this destination at Segment."),
        _("Choose another connection, or ask what became of it."), "never", KEEPER,
    ),
    Message(
        "audience_vanished", _("The audience is gone"),
        _("The audience is no longer there at Segment."), _("Choose another audience."), "never", KEEPER,
    ),
    Message(
        "not_found", _("Segment does not know it (404)"),
        _("Segment finds no such space, audience or activation with this token; it does not say which. Nothing was sent."),
        _("Refresh the catalogue and check that the activation still exists, then retry."), "after", KEEPER,
    ),
    Message(
        "conflict", _("Segment says it conflicts with something (409)"),
        _("Segment refused the resync because of something that goes on or exists already; nothing was sent."),
        _("Look at what Segment says below, then retry."), "helps", YOU,
    ),
    Message(
        "invalid_input", _("Segment did not accept a value (422)"),
        _("Segment looked at the call and did not accept it, for the reason it gives below; nothing was sent."),
        _("Correct what Segment names, then retry."), "after", KEEPER,
    ),
    Message(
        "refused", _("Segment refused the call"),
        _("Segment looked at the call and said no; nothing was sent. Its reason is below, word for word."),
        _("Correct what Segment names, then retry; if it names nothing you know, show it to your administrator."),
        "after", ADMIN,
    ),
    Message(
        "throttled", _("Segment asks to slow down (429)"),
        _("The minute's calls are used up, and Segment did not process this one; nothing was sent."),
        _("Nothing: it waits as long as Segment asks and goes again, more slowly."), "itself", NOBODY, "moving",
    ),
    Message(
        "unreachable", _("Segment cannot be reached"),
        _("No connection to Segment could be made, so the call never left."),
        _("Nothing at first: it goes again by itself. If it lasts, ask your administrator about network, "
          "proxy and the platform's address."),
        "itself", ADMIN, "moving",
    ),
    Message(
        "not_sent", _("The call was not made"),
        _("Something before the call failed, so nothing reached Segment."),
        _("Nothing: it goes again by itself."), "itself", NOBODY, "moving",
    ),
    Message(
        "answer_lost", _("Segment's answer was lost"),
        _("The call left, but no answer arrived, so we do not know yet whether Segment took it."),
        _("Nothing: we look whether the resync goes on before anything is sent again."), "itself", NOBODY, "moving",
    ),
    Message(
        "platform_fault", _("Segment had an internal error (5xx)"),
        _("Segment answered with a fault of its own, which does not say whether it took the call."),
        _("Nothing: we look whether the resync goes on before anything is sent again."), "itself", TWILIO, "moving",
    ),
    Message(
        "answer_unreadable", _("Segment's answer cannot be read"),
        _("The answer is not in the documented form, so it does not say whether Segment took the call."),
        _("Nothing: we look whether the resync goes on. If it repeats, a proxy may stand in between."),
        "itself", ADMIN, "moving",
    ),
    Message(
        "outcome_unknown", _("We do not know whether Segment took it"),
        _("The call left and its effect is unknown."),
        _("Nothing: we look whether the resync goes on before anything is sent again."), "itself", NOBODY, "moving",
    ),
    Message(
        "sender_lost", _("Our sender stopped in the middle"),
        _("The process that was sending ended before it could note Segment's answer."),
        _("Nothing: we look whether the resync goes on before anything is sent again."), "itself", ADMIN, "moving",
    ),
    Message(
        "platform_error", _("The call to Segment failed"),
        _("The call did not get its answer, and Segment gave no reason that we know."),
        _("Show the text below to your administrator, then retry."), "after", ADMIN,
    ),
    Message(
        "credentials_refused:token", _("Segment does not accept the token"),
        _("The token was revoked or lacks a permission; Segment does not say which. Nothing was sent."),
        _("Enter a token that may edit audiences in this workspace's settings, use “Check connection”, then retry."),
        "after", ADMIN,
    ),
    Message(
        "credentials_refused:permission", _("The token lacks a permission"),
        _("Segment says that this token may not do this; nothing was sent."),
        _("Use a token of a role that may edit audiences and their destinations, then retry."), "after", ADMIN,
    ),
    Message(
        "credentials_refused:space", _("No space is chosen"),
        _("The workspace names no space of Segment's, so nothing was sent."),
        _("Use “Check connection” on the workspace and choose a space, then retry."), "after", ADMIN,
    ),
    Message(
        "credentials_refused", _("Segment does not accept the credentials"),
        _("Segment refused the token or the space; nothing was sent."),
        _("Use “Check connection” on the workspace: it names the field. Correct it, then retry."), "after", ADMIN,
    ),
    Message(
        "watch_limit", _("Stopped watching: the resync takes too long"),
        _("Segment accepted it, but it was still going on after the time this workspace watches. A large audience can "
          "take hours or days."),
        _("Press “Check again” to ask once more; a retry would start a second resync."), "unneeded", YOU, "look",
    ),
    Message(
        "no_trace", _("Unknown whether Segment took it"),
        _("Segment's answer was lost, and no resync was seen going on since. A short one may have been missed."),
        _("Look in Segment whether people arrived. Press “Check again” to let us look once more."),
        "unneeded", YOU, "look",
    ),
    Message(
        "status_unknown", _("The activation is gone while it was resynced"),
        _("Segment accepted the resync, but no longer has this activation, so nobody can say what became of it."),
        _("Look in Segment who removed it. Press “Check again” if it is back."), "unneeded", YOU, "look",
    ),
    Message(
        "unknown", _("Segment said something we do not know"),
        _("This dashboard has no explanation for it yet, so it is kept below word for word."),
        _("Show it to your administrator; when it is clear, retry."), "after", ADMIN,
    ),
)  # fmt: skip
