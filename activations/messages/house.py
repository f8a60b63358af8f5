"""Messages for what this house decides: preflight's findings, and the ends that we declare ourselves."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from activations.messages.message import ADMIN, ADOBE, MARKETER, NOBODY, YOU, Message, merged, table

STOPS = table(
    Message(
        "dataflow_vanished", _("The dataflow is gone"),
        _("The dataflow is no longer on the platform."),
        _("Choose another dataflow, or ask what became of it."), "never", MARKETER,
    ),
    Message(
        "not_batch", _("Not a batch, file-based dataflow"),
        _("Only batch, file-based dataflows can be activated on demand, and this one is not."),
        _("Choose a batch, file-based destination for this audience."), "never", MARKETER,
    ),
    Message(
        "dataflow_disabled", _("The dataflow is disabled"),
        _("Adobe sends nothing through a disabled dataflow."),
        _("Enable it here or in Adobe Experience Platform, then retry."), "after", MARKETER,
    ),
    Message(
        "not_mapped", _("No longer mapped"),
        _("The audience is no longer mapped to this dataflow."),
        _("Map it again here or in Adobe Experience Platform, then retry: it is armed for the hour that Adobe needs."), "after", MARKETER,
    ),
    Message(
        "audience_vanished", _("The audience is gone"),
        _("The audience is no longer on the platform."), _("Choose another audience."), "never", MARKETER,
    ),
    Message(
        "schedule_not_begun", _("Its schedule has not begun"),
        _("The audience's schedule on this dataflow begins later, and Adobe refuses it until then."),
        _("Move the start date to today or earlier, here or in Adobe Experience Platform, then retry."), "after", MARKETER,
    ),
    Message(
        "schedule_ended", _("Its schedule has ended"),
        _("The audience's schedule on this dataflow is over, and Adobe refuses it since then."),
        _("Extend the schedule, here or in Adobe Experience Platform, to include today, then retry."), "after", MARKETER,
    ),
    Message(
        "audience_not_published", _("The audience is not published"),
        _("Adobe activates published audiences only."),
        _("Publish the audience in Adobe Experience Platform, then retry."), "after", MARKETER,
    ),
    Message(
        "no_wait_for_export", _("Not sent: a scheduled export is running"),
        _("Adobe does not allow both at once, and the person who pressed chose not to wait for it."),
        _("Retry when that export is over, or press again and choose to wait."), "after", YOU, "look",
    ),
    Message(
        "already_in_flight", _("Already on its way"),
        _("An earlier activation is sending the same audience to the same destination."),
        _("Follow that activation; press again when it is over, if it must go twice."), "after", YOU, "look",
    ),
)  # fmt: skip

WAITS = table(
    Message(
        "dataflow_in_transition", _("The dataflow is being changed"),
        _("The dataflow is being changed on the platform right now."),
        _("Nothing: it goes by itself when the change is through."), "itself", NOBODY, "moving",
    ),
    Message(
        "mapped_recently", _("Mapped too recently"),
        _("Adobe needs an hour after an audience is mapped before it can be exported on demand."),
        _("Nothing: it goes by itself when the time is up."), "itself", NOBODY, "moving",
    ),
    Message(
        "budget_waits", _("The day's job budget is used"),
        _("This workspace keeps to its number of jobs a day; the rest waits for the next UTC day."),
        _("Nothing: it goes by itself. An administrator can raise the budget, or make it a soft one."),
        "itself", ADMIN, "moving",
    ),
    Message(
        "paused", _("Sending is paused"),
        _("A person paused sending, or planned a blackout; nothing leaves while it stands."),
        _("Nothing: it goes by itself when the pause is over."), "itself", NOBODY, "moving",
    ),
    Message(
        "scheduled_export_running", _("A scheduled export is running"),
        _("Adobe does not allow a scheduled and an ad-hoc export on one dataflow at once."),
        _("Nothing: it goes by itself when that export is over."), "itself", NOBODY, "moving",
    ),
    Message(
        "snapshot_export_running", _("Adobe is making the profile snapshot"),
        _("An on-demand export sends that snapshot, so it cannot run while one is made."),
        _("Nothing: it goes by itself when the snapshot is made."), "itself", NOBODY, "moving",
    ),
    Message(
        "audience_running_elsewhere", _("The audience is on its way to another destination"),
        _("Adobe sends one audience to one destination at a time."),
        _("Nothing: it goes by itself when that run is over."), "itself", NOBODY, "moving",
    ),
    Message(
        "audience_held", _("Another of our jobs is sending this audience"),
        _("Adobe allows one ad-hoc job per audience at a time."),
        _("Nothing: it goes by itself when that job is over."), "itself", NOBODY, "moving",
    ),
    Message(
        "joins_run", _("Joins the run in progress"),
        _("A run for this audience, started elsewhere, is going on here."),
        _("Nothing: we follow that run. It carries the same snapshot."), "unneeded", NOBODY, "moving",
    ),
)  # fmt: skip

OURS = table(
    Message(
        "never_sent", _("Never sent: its time ran out"),
        _("It could not leave within the time this workspace allows, so it was taken back rather than sent late."),
        _("Look at what it was waiting for, then retry if it is still wanted."), "helps", YOU,
    ),
    Message(
        "watch_limit", _("Stopped watching: the run takes too long"),
        _("Adobe accepted it, but its run had not ended within the time this workspace watches."),
        _("Press “Check again” to ask once more; a retry would start a second export."), "unneeded", YOU, "look",
    ),
    Message(
        "no_trace", _("Unknown whether Adobe took it"),
        _("Adobe's answer was lost, and no run for it has appeared in Adobe's list since."),
        _("Look at the dataflow's runs in Adobe. Press “Check again” to let us look once more."),
        "unneeded", YOU, "look",
    ),
    Message(
        "status_unknown", _("The run ended with a status we cannot read"),
        _("Adobe's run is over, but its status is a word we do not know."),
        _("Look at the run in Adobe, then press “Check again”."), "unneeded", YOU, "look",
    ),
    Message(
        "run_failed", _("The run failed at Adobe"),
        _("Adobe took the audience, but its run failed. What the run reported is below."),
        _("Check what the run names in the dataflow: account, path, mapping. Then retry."), "helps", MARKETER,
    ),
    Message(
        "delivered_empty", _("Delivered, but the file is empty"),
        _("The run succeeded without a single profile. The audience may be newer than the snapshot that was sent."),
        _("Compare with the expected count; after the next daily evaluation a retry can carry the people in it."),
        "after", MARKETER, "look",
    ),
    Message(
        "partly", _("Only a part was delivered"),
        _("The run ended, but some records did not reach the destination."),
        _("See what the run reports below, correct it in the dataflow, then retry if the rest matters."),
        "after", MARKETER, "look",
    ),
    Message(
        "missing_in_answer", _("Adobe's answer does not mention it"),
        _("Adobe accepted the job, but its answer names no run for this audience."),
        _("Nothing: we look for the run in Adobe's list before anything is sent again."), "itself", ADOBE, "moving",
    ),
    Message(
        "run_id_unreadable", _("Adobe took it, but its run id cannot be read"),
        _("Adobe accepted this audience, and named its run in a shape that we do not know."),
        _("Nothing: we look for the run in Adobe's list. It is not sent again; what Adobe said is on its row."),
        "itself", ADOBE, "moving",
    ),
    Message(
        "sender_lost", _("Our sender stopped in the middle"),
        _("The process that was sending the job ended before it could note Adobe's answer."),
        _("Nothing: we look for the run in Adobe's list before anything is sent again."), "itself", ADMIN, "moving",
    ),
    Message(
        "canceled", _("Canceled before it was sent"),
        _("A person took it back; nothing was sent."), _("Retry it if it is wanted after all."), "helps", YOU, "look",
    ),
)  # fmt: skip

MESSAGES = merged((STOPS, WAITS, OURS))
