"""The exception tree of every platform call: what is known about the effect, in the type itself.

PlatformError
├── NotSent              nothing reached the platform's logic; the same call may be made again
│   ├── Unreachable          DNS, connect, TLS or pool failure: no byte of the request was processed
│   ├── Throttled            429: refused before processing; `retry_after` seconds when it said so
│   └── TokenUnavailable     no token could be had because the identity service is down or busy
├── Refused              the platform looked at the call and said no; nothing happened
│   ├── CredentialsRefused   403 or a gateway code; `field` names what to correct
│   │   └── Unauthorized         401, even with a fresh token: not processed, and it may pass
│   ├── NotFound             404
│   ├── Conflict             409 or 412
│   ├── InvalidInput         400 or 422; `field` names the input at fault
│   └── ActivationRefused    a 400 of adhocrun whose sentence is known
│       ├── RunGoingOn           an ad-hoc run for that audience is going on; `run` names it
│       ├── NotInSchedule        named audiences are not mapped, or outside their schedule
│       ├── NotReady             the dataflow or mapping is too new; `wait` seconds
│       └── NotSupported         this destination type cannot be activated ad hoc
└── OutcomeUnknown       the request may have had its effect
    ├── AnswerLost           read timeout, or the connection broke after sending
    ├── PlatformFault        5xx
    └── AnswerUnreadable     HTML, truncated or gigantic body, or a shape we do not know

For reads the three branches mean the same, except that an unknown outcome is harmless there.
Codes are stable words for the page to look up; `verbatim` is the vendor's own text, never ours.
"""

from __future__ import annotations


class PlatformError(Exception):
    """A platform call did not give its answer. Subclasses say what is known about its effect.

    `code`       stable word, the key of the message shown to people (`activations/messages`)
    `verbatim`   the vendor's text as received (first 2,000 characters), or "" when there was none
    `status`     HTTP status, or None when there was no answer
    `vendor_code` gateway or service code such as "401013" or "2110-400", or ""
    `request_id` the vendor's request id for its support desk, or ""
    `body`       the answer as received, secrets struck out, at most 64 kB, for the record of the call
    """

    code = "platform_error"

    def __init__(
        self,
        summary: str,
        *,
        verbatim: str = "",
        status: int | None = None,
        vendor_code: str = "",
        request_id: str = "",
        body: str = "",
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.verbatim = verbatim
        self.status = status
        self.vendor_code = vendor_code
        self.request_id = request_id
        self.body = body


class NotSent(PlatformError):
    """Nothing reached the platform's logic: the same call may be made again."""

    code = "not_sent"

    def __init__(self, summary: str, *, retry_after: float | None = None, **known: object) -> None:
        super().__init__(summary, **known)  # type: ignore[arg-type]
        self.retry_after = retry_after


class Unreachable(NotSent):
    """DNS, connect, TLS or pool failure."""

    code = "unreachable"


class Throttled(NotSent):
    """429. `retry_after` is in seconds, None when the platform did not say."""

    code = "throttled"


class TokenUnavailable(NotSent):
    """The identity service gave no token for a reason that is not ours to correct."""

    code = "token_unavailable"


class Refused(PlatformError):
    """The platform looked at the call and said no. Nothing happened."""

    code = "refused"


class CredentialsRefused(Refused):
    """Credentials or rights. `field` is one of key, secret, scopes, org, sandbox, permission, token, space."""

    code = "credentials_refused"

    def __init__(self, summary: str, *, field: str, **known: object) -> None:
        super().__init__(summary, **known)  # type: ignore[arg-type]
        self.field = field


class Unauthorized(CredentialsRefused):
    """401, even with a fresh token. Not processed; a token that is known everywhere soon may mend it."""


class NotFound(Refused):
    """404. `field` names what of the input is not there, where the platform says so."""

    code = "not_found"

    def __init__(self, summary: str, *, field: str = "", **known: object) -> None:
        super().__init__(summary, **known)  # type: ignore[arg-type]
        self.field = field


class Conflict(Refused):
    """409 or 412: the thing changed or exists already."""

    code = "conflict"


class InvalidInput(Refused):
    """A value was not accepted (422, or 400). `field` is the vendor's own path to it, or "" when it named none."""

    code = "invalid_input"

    def __init__(self, summary: str, *, field: str = "", **known: object) -> None:
        super().__init__(summary, **known)  # type: ignore[arg-type]
        self.field = field


class ActivationRefused(Refused):
    """A 400 of the activation call whose sentence is known."""

    code = "activation_refused"


class RunGoingOn(ActivationRefused):
    """An ad-hoc run for `audience` on `dataflow` is going on as `run` (platform ids; "": in no shape we know)."""

    code = "run_going_on"

    def __init__(self, summary: str, *, audience: str, dataflow: str, run: str, **known: object) -> None:
        super().__init__(summary, **known)  # type: ignore[arg-type]
        self.audience = audience
        self.dataflow = dataflow
        self.run = run


class NotInSchedule(ActivationRefused):
    """Audiences named in `names` (their text as one string) are not mapped or out of schedule range."""

    code = "not_in_schedule"

    def __init__(self, summary: str, *, names: str, **known: object) -> None:
        super().__init__(summary, **known)  # type: ignore[arg-type]
        self.names = names


class NotReady(ActivationRefused):
    """The dataflow or mapping is too new. `wait` is in seconds."""

    code = "not_ready"

    def __init__(self, summary: str, *, wait: float, **known: object) -> None:
        super().__init__(summary, **known)  # type: ignore[arg-type]
        self.wait = wait


class NotSupported(ActivationRefused):
    """This destination type cannot be activated ad hoc. `dataflow` is its id, or "" when not named."""

    code = "not_supported"

    def __init__(self, summary: str, *, dataflow: str, **known: object) -> None:
        super().__init__(summary, **known)  # type: ignore[arg-type]
        self.dataflow = dataflow


class OutcomeUnknown(PlatformError):
    """The request may have had its effect; only the platform's ledger can tell."""

    code = "outcome_unknown"


class AnswerLost(OutcomeUnknown):
    """Read timeout, or the connection broke after the request was sent."""

    code = "answer_lost"


class PlatformFault(OutcomeUnknown):
    """5xx. `retry_after` seconds when the platform said so."""

    code = "platform_fault"

    def __init__(self, summary: str, *, retry_after: float | None = None, **known: object) -> None:
        super().__init__(summary, **known)  # type: ignore[arg-type]
        self.retry_after = retry_after


class AnswerUnreadable(OutcomeUnknown):
    """A body that cannot be read as the documented answer; `verbatim` keeps its first characters."""

    code = "answer_unreadable"
