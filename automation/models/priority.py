"""Which execution goes first."""

from django.db import models


class Priority(models.IntegerChoices):
    """Which execution goes first; the smaller number does."""

    HIGH = 1
    NORMAL = 2
    LOW = 3
