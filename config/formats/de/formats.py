"""A point after the day, 24 hours, and the zone always named."""

DATETIME_FORMAT = "j. N Y H:i:s T"
SHORT_DATETIME_FORMAT = "d.m.Y H:i T"
DATE_FORMAT = "j. N Y"
MONTH_DAY_FORMAT = "j. N"
TIME_FORMAT = "H:i:s"
