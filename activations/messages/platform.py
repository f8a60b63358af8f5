"""Messages for what the platform answers: one per `code` of `platforms.errors`, and per run error."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from activations.messages.message import ADMIN, ADOBE, MARKETER, NOBODY, YOU, Message, Words, merged, table

GUIDE = (
    "https://experienceleague.adobe.com/en/docs/experience-platform/destinations/api/ad-hoc-activation-api"
)
CONSOLE = "https://developer.adobe.com/console"

ACTIVATION = table(
    Message(
        "run_going_on", _("A run for this audience is already going on"),
        _("Adobe sends an audience once at a time, and an ad-hoc run for this one has not ended yet."),
        _("Wait for it: we follow that run to its end, and the delivery is marked “joined”."),
        "unneeded", NOBODY, "moving", GUIDE,
    ),
    Message(
        "not_in_schedule", _("Not mapped, or outside its schedule"),
        _("Adobe says that the audience is not part of the dataflow, or that its schedule there does not "
          "include today."),
        _("Check that the audience is mapped to this dataflow and that its schedule has begun and has not "
          "ended; map it or extend it to include today, here or in Adobe, then retry."),
        "after", MARKETER, "act", GUIDE,
    ),
    Message(
        "not_ready", _("Too new: Adobe is not ready for it"),
        _("The dataflow or the mapping was made so recently that Adobe cannot export it yet."),
        _("Nothing: it is armed and goes by itself after the wait that Adobe asks for, ten minutes."),
        "itself", NOBODY, "moving", GUIDE,
    ),
    Message(
        "not_supported", _("This kind of destination cannot be activated on demand"),
        _("Adobe runs ad-hoc exports only for batch, file-based destinations, and this is another kind."),
        _("Choose a batch, file-based destination for this audience."),
        "never", MARKETER, "act", GUIDE,
    ),
    Message(
        "activation_refused", _("Adobe refused this activation"),
        _("Adobe looked at the call and said no, for the reason it gives below; nothing was sent."),
        _("Correct what Adobe names, then retry."),
        "after", MARKETER,
    ),
    Message(
        "not_found", _("Adobe does not know it (404)"),
        _("Adobe finds no such dataflow or audience with these credentials in this sandbox; nothing was sent."),
        _("Refresh the catalogue and check that it still exists; if it does, the credentials may not see it."),
        "after", MARKETER,
    ),
    Message(
        "conflict", _("It was changed at the same moment"),
        _("Adobe says that the dataflow was changed meanwhile (409 or 412); nothing was sent."),
        _("Refresh the catalogue, look at the dataflow once more, then retry."),
        "helps", YOU,
    ),
    Message(
        "invalid_input", _("The platform did not accept a value (422)"),
        _("The platform looked at the call and did not accept one of its values; nothing was changed."),
        _("Correct the value that the platform names, then try again."),
        "after", ADMIN,
    ),
    Message(
        "refused", _("Adobe refused the call"),
        _("Adobe looked at the call and said no; nothing was sent. Its reason is below, word for word."),
        _("Correct what Adobe names, then retry; if it names nothing you know, show it to your administrator."),
        "after", ADMIN,
    ),
)  # fmt: skip

TRANSPORT = table(
    Message(
        "throttled", _("Adobe asks to slow down (429)"),
        _("Adobe is busy and did not process the call; nothing was sent."),
        _("Nothing: it waits as long as Adobe asks and goes again, more slowly."),
        "itself", NOBODY, "moving",
    ),
    Message(
        "unreachable", _("Adobe cannot be reached"),
        _("No connection to Adobe could be made, so the call never left."),
        _("Nothing at first: it goes again by itself. If it lasts, ask your administrator about network, "
          "proxy and the platform's address."),
        "itself", ADMIN, "moving",
    ),
    Message(
        "token_unavailable", _("Adobe's sign-in service gives no token"),
        _("Adobe's identity service is down or busy, so the call was not made."),
        _("Nothing: it is tried again by itself."),
        "itself", NOBODY, "moving",
    ),
    Message(
        "unauthorized", _("Adobe does not accept the token yet"),
        _("Adobe refused a fresh access token and did not process the call; nothing was sent."),
        _("Nothing at first: it goes again a few times by itself. Then check the credentials."),
        "itself", ADMIN, "moving",
    ),
    Message(
        "not_sent", _("The call was not made"),
        _("Something before the call failed, so nothing reached Adobe."),
        _("Nothing: it goes again by itself."),
        "itself", NOBODY, "moving",
    ),
    Message(
        "answer_lost", _("Adobe's answer was lost"),
        _("The call left, but no answer arrived, so we do not know yet whether Adobe took it."),
        _("Nothing: we look for the run in Adobe's list before anything is sent again."),
        "itself", NOBODY, "moving",
    ),
    Message(
        "platform_fault", _("Adobe had an internal error (5xx)"),
        _("Adobe answered with a fault of its own, which does not say whether it took the call."),
        _("Nothing: we look for the run in Adobe's list before anything is sent again."),
        "itself", ADOBE, "moving",
    ),
    Message(
        "answer_unreadable", _("Adobe's answer cannot be read"),
        _("The answer is not in the documented form, so it does not say whether Adobe took the call."),
        _("Nothing: we look for the run in Adobe's list. If it repeats, a proxy may stand in between."),
        "itself", ADMIN, "moving",
    ),
    Message(
        "outcome_unknown", _("We do not know whether Adobe took it"),
        _("The call left and its effect is unknown."),
        _("Nothing: we look for the run in Adobe's list before anything is sent again."),
        "itself", NOBODY, "moving",
    ),
    Message(
        "platform_error", _("The call to Adobe failed"),
        _("The call did not get its answer, and Adobe gave no reason that we know."),
        _("Show the text below to your administrator, then retry."),
        "after", ADMIN,
    ),
)  # fmt: skip


def _credentials(field: str, title: Words, meaning: Words, do: Words) -> Message:
    code = f"credentials_refused:{field}" if field else "credentials_refused"
    return Message(code, title, meaning, do, "after", ADMIN, "act", CONSOLE)


CREDENTIALS = table(
    _credentials(
        "key", _("Adobe does not accept the API key"),
        _("The client ID stored for this workspace is wrong or was revoked; nothing was sent."),
        _("Correct the field “Client ID” from the Adobe Developer Console, use “Check connection”, then retry."),
    ),
    _credentials(
        "secret", _("Adobe does not accept the client secret"),
        _("The secret stored for this workspace is wrong, expired or cannot be opened; nothing was sent."),
        _("Enter a new client secret from the Adobe Developer Console, use “Check connection”, then retry."),
    ),
    _credentials(
        "scopes", _("Adobe does not accept the scopes"),
        _("The scopes stored for this workspace are not those the credential has; nothing was sent."),
        _("Copy the scopes from the Developer Console's OAuth server-to-server page, then retry."),
    ),
    _credentials(
        "org", _("Adobe does not accept the organisation"),
        _("The IMS organisation is missing or wrong, or the credential has no product profile in it; nothing was sent."),
        _("Check the field “IMS organisation” and add the credential to a product profile, then retry."),
    ),
    _credentials(
        "sandbox", _("Adobe does not accept the sandbox"),
        _("The sandbox does not exist, is not active, or the credential may not use it; nothing was sent."),
        _("Choose one of the sandboxes that “Check connection” lists, then retry."),
    ),
    _credentials(
        "permission", _("The credential lacks a permission"),
        _("Adobe says that these credentials may not do this; nothing was sent."),
        _("Give the credential's role: View Destinations, Activate Destinations, View Profiles, View Segments. "
          "Then retry."),
    ),
    _credentials(
        "token", _("Adobe does not accept the access token"),
        _("Even a fresh access token was refused; nothing was sent."),
        _("Check client ID, secret and organisation with “Check connection”, then retry."),
    ),
    _credentials(
        "", _("Adobe does not accept the credentials"),
        _("Adobe refused key, organisation, sandbox or product profile; nothing was sent."),
        _("Use “Check connection” on the workspace: it names the field. Correct it, then retry."),
    ),
)  # fmt: skip

RUNS = table(
    Message(
        "ACTIVATION_BATCH-0000-SKIP", _("Records were skipped"),
        _("Adobe left records out of the file: they lack a required attribute or identity, or consent."),
        _("In the dataflow, check required attributes, deduplication keys and the identities of the audience."),
        "after", MARKETER, "look",
    ),
    Message(
        "ACTIVATION_BATCH-0000-FAILED", _("Adobe aborted the run"),
        _("The run failed at Adobe while the file was made or written."),
        _("In the dataflow, check the account's credentials, the path and the mapping; then retry."),
        "helps", MARKETER,
    ),
)  # fmt: skip

MESSAGES = merged((ACTIVATION, TRANSPORT, CREDENTIALS, RUNS))
