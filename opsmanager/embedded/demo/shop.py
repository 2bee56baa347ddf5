"""The three demo servers: a shop whose web front has died, its database, its full log disk."""

from opsmanager.embedded.demo.blueprint import Blueprint, Incident, Service
from opsmanager.embedded.demo.inside.contents import LogFile

WEB = Blueprint(
    name="web-1",
    description="Web front of the demo shop",
    services=(
        Service(
            name="shop",
            description="Shop web front",
            arguments="--http 80 --every 60 --says 'GET /cart 200'",
            restarts=False,
        ),
        Service(
            name="sessions",
            description="Session store of the shop",
            arguments="--tcp 6379 --every 300 --says 'Saved 118 sessions'",
        ),
    ),
    files={"/etc/shop/shop.conf": "listen = 127.0.0.1:80\nworkers = 2\nbackend = app-1:8080\n"},
    logs=(
        LogFile(path="/var/log/shop/access.log", kilobytes=3_000, age_days=0, line="GET / 200"),
        LogFile(path="/var/log/shop/access.log.1", kilobytes=6_000, age_days=7, line="GET / 200"),
    ),
    killed=("shop.service",),
    incident=Incident(
        title="shop.service on web-1 is down",
        severity="CRITICAL",
        labels={
            "alertname": "SystemdUnitFailed",
            "unit": "shop.service",
            "instance": "web-1:9100",
        },
        description="The shop's web front was killed and nothing has started it again: "
        "customers see an error page.",
    ),
)

DATABASE = Blueprint(
    name="db-1",
    description="Orders database of the demo shop",
    environment="production",
    services=(
        Service(
            name="orders-db",
            description="Orders database",
            arguments="--tcp 5432 --every 120 --says 'checkpoint complete: wrote 214 buffers'",
        ),
        Service(
            name="backup-agent",
            description="Nightly backup of the orders database",
            arguments="--every 600 --says 'Next backup at 02:00'",
        ),
    ),
    files={"/etc/orders-db/orders-db.conf": "port = 5432\nmax_connections = 100\n"},
    logs=(
        LogFile(
            path="/var/log/orders-db/slow-queries.log",
            kilobytes=5_000,
            age_days=2,
            line="duration: 2412 ms  SELECT * FROM orders WHERE open",
        ),
    ),
)

APPLICATION = Blueprint(
    name="app-1",
    description="Order processing of the demo shop; its log disk is nearly full",
    services=(
        Service(
            name="orders-api",
            description="Orders API",
            arguments="--http 8080 --every 120 --says 'GET /health 200'",
        ),
        Service(
            name="mailer",
            description="Sends order confirmations",
            arguments="--every 90 --says 'Queue is empty'",
        ),
    ),
    files={"/etc/orders-api/orders-api.conf": "port = 8080\nlog_level = debug\n"},
    logs=(
        LogFile(
            path="/var/log/orders-api/debug.log",
            kilobytes=14_000,
            age_days=0,
            line="DEBUG cache miss for order",
        ),
        LogFile(
            path="/var/log/orders-api/debug.log.1",
            kilobytes=15_500,
            age_days=9,
            line="DEBUG cache miss for order",
        ),
    ),
)

SHOP = (WEB, DATABASE, APPLICATION)
