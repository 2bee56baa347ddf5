"""How runbooks are run: limits, leases, queues."""

from opsmanager.settings import env

AUTOMATION_RUNBOOK_PACKAGES = ["automation.runbooks"]
AUTOMATION_WORKER_CONCURRENCY = env.integer("AUTOMATION_WORKER_CONCURRENCY", 32, least=1, most=1000)
AUTOMATION_MAX_EXECUTION_TIME = env.integer("AUTOMATION_MAX_EXECUTION_TIME", 3600, least=1)
AUTOMATION_DEFAULT_COOLDOWN = env.integer("AUTOMATION_DEFAULT_COOLDOWN", 10)
AUTOMATION_ENABLE_DANGEROUS_COMMANDS = env.flag(
    "AUTOMATION_ENABLE_DANGEROUS_COMMANDS", default=False
)
AUTOMATION_DRY_RUN_DEFAULT = env.flag("AUTOMATION_DRY_RUN_DEFAULT", default=False)
# How late a time of a schedule may be looked at and still count as on time.
AUTOMATION_SCHEDULE_GRACE_SECONDS = env.integer("AUTOMATION_SCHEDULE_GRACE_SECONDS", 60, least=15)
# How long other people may approve what waits for them.
AUTOMATION_APPROVAL_HOURS = env.integer("AUTOMATION_APPROVAL_HOURS", 24, least=1, most=8760)
# How long a worker keeps a connection to a server that nobody uses.
AUTOMATION_SSH_IDLE_SECONDS = env.integer("AUTOMATION_SSH_IDLE_SECONDS", 60, least=1, most=3600)
# The network zones that this worker serves; none for the servers without a zone.
AUTOMATION_ZONES = env.zones("AUTOMATION_ZONES")
# What `run.http` may call beside public addresses.
AUTOMATION_HTTP_ALLOWED_NETWORKS = env.networks("AUTOMATION_HTTP_ALLOWED_NETWORKS")

# A worker renews its leases every `heartbeat` seconds; silent for `lease`, it has lost them.
AUTOMATION_LEASE_SECONDS = 45
AUTOMATION_HEARTBEAT_SECONDS = 10
# Nothing is sent to a server with less than this left of the lease.
AUTOMATION_LEASE_MARGIN_SECONDS = 15
# How long a PENDING execution waits before it is woken again, and how often that is looked for.
AUTOMATION_WAKE_AFTER_SECONDS = 20
AUTOMATION_SWEEP_SECONDS = 10

AUTOMATION_PARTITIONS_AHEAD = 3
