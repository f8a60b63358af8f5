"""No AM and PM, and the zone always named."""

DATETIME_FORMAT = "j M Y H:i:s T"
SHORT_DATETIME_FORMAT = "Y-m-d H:i T"
DATE_FORMAT = "j M Y"
MONTH_DAY_FORMAT = "j M"
TIME_FORMAT = "H:i:s"
