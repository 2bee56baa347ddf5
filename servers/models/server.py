"""A machine reached over SSH, and named sets of them."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils import timezone

from opsmanager.common import zone_queues
from opsmanager.common.models import TimestampedModel, UUIDModel
from servers.models.credential import Credential
from servers.reach import why_not


class Platform(models.TextChoices):
    """What a server runs; a runbook names the platforms it is for."""

    LINUX = "LINUX", "Linux"
    WINDOWS = "WINDOWS", "Windows"


class Environment(models.TextChoices):
    """What a server is for; production ones want a confirmation."""

    PRODUCTION = "PRODUCTION", "Production"
    STAGING = "STAGING", "Staging"
    DEVELOPMENT = "DEVELOPMENT", "Development"
    DEMO = "DEMO", "Demo"


class Tended:
    """What servers and groups have in common: somebody may work on them."""

    in_maintenance: bool
    maintenance_until: datetime | None

    @property
    def is_tended(self) -> bool:
        """Whether it is in maintenance itself, now; what is over by the clock is over."""
        until = self.maintenance_until
        return self.in_maintenance and (until is None or until > timezone.now())


class ServerGroup(Tended, UUIDModel, TimestampedModel):
    """A named set of servers, to run on and to grant."""

    name = models.CharField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    in_maintenance = models.BooleanField(default=False, db_default=False)
    maintenance_reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    maintenance_until = models.DateTimeField(null=True, blank=True)
    """When it ends by itself; NULL for when somebody ends it."""

    class Meta:
        ordering = ["name"]
        permissions = [("operate_servergroup", "Can run runbooks on the servers of the group")]

    def __str__(self) -> str:
        return self.name


class Server(Tended, UUIDModel, TimestampedModel):
    """A machine reached over SSH.

    ``reachable``, ``latency_ms``, ``error_code``, ``error_message`` and ``checked_at`` are what the
    last check found.
    """

    name = models.CharField(
        max_length=100,
        unique=True,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z",
                "Use letters, digits, dots, dashes and underscores, beginning with a letter or "
                "digit.",
            )
        ],
    )
    hostname = models.CharField(
        max_length=253,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9._:-]*[A-Za-z0-9.]\Z|^::1?\Z",
                "Use a host name or an IP address, without a port.",
            )
        ],
        help_text="Host name or IP address",
    )
    port = models.PositiveIntegerField(
        default=22, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    platform = models.CharField(max_length=20, choices=Platform.choices, default=Platform.LINUX)
    environment = models.CharField(
        max_length=20, choices=Environment.choices, default=Environment.PRODUCTION
    )
    zone = models.CharField(
        max_length=zone_queues.LONGEST,
        blank=True,
        default=zone_queues.NO_ZONE,
        db_default=zone_queues.NO_ZONE,
        validators=[RegexValidator(zone_queues.NAME, zone_queues.SAY_NAME)],
        help_text="Only workers of this network zone reach it, such as dmz; empty for none",
    )
    description = models.TextField(blank=True)
    credential = models.ForeignKey(
        Credential, on_delete=models.PROTECT, null=True, blank=True, related_name="servers"
    )
    groups = models.ManyToManyField(ServerGroup, blank=True, related_name="servers")
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    is_active = models.BooleanField(default=True)
    aliases = ArrayField(
        models.CharField(max_length=253), default=list, db_default=Value([]), blank=True
    )
    """Other names by which alerts call it, in lower case."""
    in_maintenance = models.BooleanField(default=False, db_default=False)
    maintenance_reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    maintenance_until = models.DateTimeField(null=True, blank=True)
    """When it ends by itself; NULL for when somebody ends it."""
    approvals = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        validators=[MaxValueValidator(10)],
        help_text="How many other people must approve each run on it that may change something; 0 "
        "for none",
    )
    keeps_records = models.BooleanField(
        default=True,
        help_text="Keep a record of each changing command in ~/.opsm on the server, so that its "
        "result can be read after a lost connection",
    )
    reachable = models.BooleanField(null=True, editable=False)
    latency_ms = models.PositiveIntegerField(null=True, editable=False)
    error_code = models.CharField(max_length=40, blank=True, editable=False)
    error_message = models.TextField(blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name"]
        permissions = [("operate_server", "Can run runbooks on the server")]
        indexes = [
            models.Index(Lower("hostname"), name="server_hostname"),
            models.Index(Lower("name"), name="server_named"),
            GinIndex("aliases", name="server_aliases"),
            models.Index("environment", "name", name="server_environment"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an address that can't be a server's."""
        if said := why_not(self.hostname):
            raise ValidationError({"hostname": said})

    @property
    def is_production(self) -> bool:
        """Whether a run on it wants a confirmation."""
        return self.environment == Environment.PRODUCTION

    @property
    def address(self) -> str:
        """``host:port``, for people."""
        return f"{self.hostname}:{self.port}"
