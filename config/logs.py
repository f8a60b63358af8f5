"""Structured logs: a fixed sentence plus fields, for people or as JSON."""

from __future__ import annotations

import logging
import logging.config
import re

import structlog

SECRET_FIELDS = frozenset({"authorization", "access_token", "client_secret", "password", "secret", "token"})


def redact(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Blank fields that must never reach a log, wherever they come from."""
    for name in event.keys() & SECRET_FIELDS:
        event[name] = "[redacted]"
    return event


# The token of a share link stands in its address, and addresses stand in what servers and frameworks log.
SHARE_LINK = re.compile(r"(/shared/)[^/\s?#\"'\\]+")


def without_tokens(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Strike out the tokens of share links, in sentences, fields and tracebacks alike."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = SHARE_LINK.sub(r"\1[redacted]", value)
    return event


def configure(*, level: str, as_json: bool) -> None:
    """Send structlog and the standard library's loggers through one renderer to stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            without_tokens,
            renderer,
        ],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"structured": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": level.upper()},
            # httpx logs whole URLs at info; celery announces every tick it received.
            "loggers": {
                "httpx": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
                "django.request": {"level": "ERROR"},
            },
        }
    )
