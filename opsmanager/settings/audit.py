"""How long the audit trail is kept, and where the head of its chain goes."""

from opsmanager.settings import env

AUDIT_RETENTION_DAYS = env.integer("OPSMANAGER_AUDIT_RETENTION_DAYS", 365, least=90, most=36_500)
# A month is written there before it leaves; empty, it leaves without.
AUDIT_EXPORT_FOLDER = env.text("OPSMANAGER_AUDIT_EXPORT_FOLDER", "")

AUDIT_ANCHOR_FILE = env.text("OPSMANAGER_AUDIT_ANCHOR_FILE", "")
AUDIT_ANCHOR_SYSLOG = env.syslog("OPSMANAGER_AUDIT_ANCHOR_SYSLOG")
AUDIT_ANCHOR_MAIL = env.text("OPSMANAGER_AUDIT_ANCHOR_MAIL", "")

# How long workers rest between two looks for events to seal.
AUDIT_SEAL_SECONDS = 1
# An event that is not sealed after so long is a problem.
AUDIT_SEAL_PATIENCE_MINUTES = 5
