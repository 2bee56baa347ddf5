"""How much the API answers: requests a minute, and places for answers that wait for news."""

from opsmanager.settings import env

# Of one token, user or address; 0 counts nothing.
API_READS_PER_MINUTE = env.integer("OPSMANAGER_API_READS_PER_MINUTE", 1200, most=10_000)
API_WRITES_PER_MINUTE = env.integer("OPSMANAGER_API_WRITES_PER_MINUTE", 240, most=10_000)

# Whoever gives it as a bearer token is answered at /metrics; empty for nobody.
METRICS_TOKEN = env.text("OPSMANAGER_METRICS_TOKEN", "")

# How many streams and long polls one web process answers at once; each holds a thread.
LIVE_PLACES = env.integer("OPSMANAGER_LIVE_PLACES", 16, most=500)
# Between two looks for news: one indexed query each.
LIVE_LOOK_SECONDS = 0.4
# A stream is ended after so long; its client comes back by itself and goes on.
LIVE_STREAM_SECONDS = 300
# Proxies cut a connection on which nothing is said for long, often after a minute.
LIVE_HEARTBEAT_SECONDS = 15
# How soon a stream ends whose client may not see it any more.
LIVE_ASK_AGAIN_SECONDS = 10
