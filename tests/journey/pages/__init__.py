"""The pages in the words of somebody who uses them: one object a page, and what all pages share."""

from tests.journey.pages.choosing import Matrix
from tests.journey.pages.following import Wall
from tests.journey.pages.journey import Journey, sign_in, some
from tests.journey.pages.keeping import (
    Channel,
    ChannelForm,
    NewSet,
    Notices,
    Notifications,
    OneSet,
    ScheduleForm,
    Sets,
    Told,
)
from tests.journey.pages.setting_up import (
    FirstSteps,
    Members,
    Settings,
    WorkspaceForm,
)
from tests.journey.pages.vendors import (
    ActivationForm,
    AudienceChoice,
    Chain,
    ChangeQuestion,
    Changes,
    ConnectionForm,
    Evaluation,
    External,
    ExternalChange,
    ExternalForm,
    Externals,
    MappingForm,
    SegmentAudience,
)

__all__ = [
    "ActivationForm",
    "AudienceChoice",
    "Chain",
    "ChangeQuestion",
    "Changes",
    "Channel",
    "ChannelForm",
    "ConnectionForm",
    "Evaluation",
    "External",
    "ExternalChange",
    "ExternalForm",
    "Externals",
    "FirstSteps",
    "Journey",
    "MappingForm",
    "Matrix",
    "Members",
    "NewSet",
    "Notices",
    "Notifications",
    "OneSet",
    "ScheduleForm",
    "SegmentAudience",
    "Sets",
    "Settings",
    "Told",
    "Wall",
    "WorkspaceForm",
    "sign_in",
    "some",
]
