"""Cron expressions: five fields, read as Debian's cron reads them. Pure, with a clock of no one."""

from automation.cron.expression import CronInvalid, Fields, fields, normalised
from automation.cron.moments import ZoneInvalid, following, next_after, zone
from automation.cron.words import in_words

__all__ = [
    "CronInvalid",
    "Fields",
    "ZoneInvalid",
    "fields",
    "following",
    "in_words",
    "next_after",
    "normalised",
    "zone",
]
