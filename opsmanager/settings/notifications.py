"""Telling people outside OpsManager: what may be called for it, and how long it is remembered."""

from opsmanager.settings import env

# What a channel may lead to beside public addresses.
NOTIFY_ALLOWED_NETWORKS = env.networks("OPSMANAGER_NOTIFY_ALLOWED_NETWORKS")
NOTIFY_RETENTION_DAYS = env.integer("OPSMANAGER_NOTIFY_RETENTION_DAYS", 90, least=1)
