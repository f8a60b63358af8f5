"""The pages of presses and their outcome: who, may they, what, show."""

from activations.views.activation import activation, status
from activations.views.audience import audience
from activations.views.begun import begun
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
from activations.views.history import history
from activations.views.overview import overview
from activations.views.press import confirm, press
from activations.views.schedules import (
    change_schedule,
    delete_schedule,
    new_schedule,
    pause_schedule,
    resume_schedule,
)
from activations.views.screen import board, board_status, screen, screen_status
from activations.views.sets import delete_set, of_set, remove_from_set, rename_set, save_set, sets
from activations.views.share import revoke, share
from activations.views.shared import shared, shared_screen, shared_screen_status, shared_status
from activations.views.steps import steps, steps_status
from activations.views.trends import people_csv, trends, trends_csv

__all__ = [
    "activate",
    "activation",
    "audience",
    "begun",
    "board",
    "board_status",
    "bundle",
    "cancel",
    "cancel_job",
    "change_schedule",
    "check_again",
    "confirm",
    "dataflow",
    "delete_schedule",
    "delete_set",
    "evaluate",
    "evaluation",
    "evaluation_status",
    "export",
    "history",
    "job",
    "new_schedule",
    "of_set",
    "overview",
    "pause_schedule",
    "people_csv",
    "press",
    "remove_from_set",
    "rename_set",
    "resume_schedule",
    "retry",
    "revoke",
    "save_set",
    "screen",
    "screen_status",
    "sets",
    "share",
    "shared",
    "shared_screen",
    "shared_screen_status",
    "shared_status",
    "status",
    "steps",
    "steps_status",
    "stop_chain",
    "tray",
    "trends",
    "trends_csv",
]
