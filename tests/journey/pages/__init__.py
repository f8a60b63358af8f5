"""The pages in the words of somebody who uses them: one object a page, and what all pages share."""

from tests.journey.pages.choosing import Audience, Dataflow, Destinations, Matrix, Overview, Question, Runs
from tests.journey.pages.following import Activation, Board, History, Share, Shared, Trends, Wall
from tests.journey.pages.journey import Journey, sign_in, some

__all__ = [
    "Activation",
    "Audience",
    "Board",
    "Dataflow",
    "Destinations",
    "History",
    "Journey",
    "Matrix",
    "Overview",
    "Question",
    "Runs",
    "Share",
    "Shared",
    "Trends",
    "Wall",
    "sign_in",
    "some",
]
