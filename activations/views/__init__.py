"""The pages of presses and their outcome: who, may they, what, show."""

from activations.views.activation import activation, status
from activations.views.audience import audience
from activations.views.changes import cancel, check_again, retry
from activations.views.choose import activate, tray
from activations.views.dataflow import dataflow
from activations.views.evaluation import (
    cancel_job,
    evaluate,
    evaluation,
    evaluation_status,
    export,
    stop_chain,
)
from activations.views.evidence import bundle, job
from activations.views.history import history, history_csv
from activations.views.overview import overview
from activations.views.press import confirm, press

__all__ = [
    "activate",
    "activation",
    "audience",
    "bundle",
    "cancel",
    "cancel_job",
    "check_again",
    "confirm",
    "dataflow",
    "evaluate",
    "evaluation",
    "evaluation_status",
    "export",
    "history",
    "history_csv",
    "job",
    "overview",
    "press",
    "retry",
    "status",
    "stop_chain",
    "tray",
]
