"""Looks into the queues of the real broker."""

import base64
import json
from typing import Any

import redis
from django.conf import settings


def queued(queue: str) -> list[str]:
    """Return the ids in a queue, the one that is taken first first."""
    bodies = [json.loads(base64.b64decode(message["body"])) for message in _messages(queue)]
    return [body[0][0] for body in reversed(bodies)]


def tasks(queue: str) -> list[str]:
    """Return the names of the tasks in a queue, the one that is taken first first."""
    return [message["headers"]["task"] for message in reversed(_messages(queue))]


def _messages(queue: str) -> list[dict[str, Any]]:
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        return [json.loads(message) for message in broker.lrange(queue, 0, -1)]
