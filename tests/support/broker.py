"""Looks into the queues of the real broker."""

import base64
import json

import redis
from django.conf import settings


def queued(queue: str) -> list[str]:
    """Return the ids in a queue, the one that is taken first first."""
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        messages = [json.loads(message) for message in broker.lrange(queue, 0, -1)]
    bodies = [json.loads(base64.b64decode(message["body"])) for message in messages]
    return [body[0][0] for body in reversed(bodies)]
