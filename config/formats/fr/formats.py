"""24 hours, the zone always named, and a space that does not break between thousands."""

DATETIME_FORMAT = "j N Y H:i:s T"
SHORT_DATETIME_FORMAT = "d/m/Y H:i T"
DATE_FORMAT = "j N Y"
MONTH_DAY_FORMAT = "j N"
TIME_FORMAT = "H:i:s"
THOUSAND_SEPARATOR = "\u202f"
