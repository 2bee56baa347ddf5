"""Read what is asked as JSON, do it, and write the answer as JSON."""

import json
import os
import signal
import sys
from typing import Final

from opsmanager.notifications.sender import guard
from opsmanager.notifications.sender.service import Refused, Service

_GRACE_SECONDS: Final = 2


def main() -> int:
    """Answer one request; 0 whenever there is an answer."""
    asked = json.load(sys.stdin)
    # Ends by itself where nobody is left to end it.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(int(asked["seconds"]) + _GRACE_SECONDS)
    # What a service prints is no answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    json.dump(_answer(asked), answers)
    answers.close()
    return 0


def _answer(asked: dict[str, object]) -> dict[str, object]:
    try:
        watch = guard.Watch.over(str(word) for word in asked["allowed"])  # type: ignore[attr-defined]
        service = Service(str(asked["url"]), watch)
        if asked["do"] == "look":
            return {"ok": True, "shown": service.shown(), "hosts": service.look()}
        reason = service.send(
            title=str(asked["title"]), body=str(asked["body"]), tone=str(asked["tone"])
        )
    except Refused as refusal:
        return {"ok": False, "reason": str(refusal), "is_refused": refusal.is_for_good}
    except guard.Closed as refusal:
        return {"ok": False, "reason": str(refusal), "is_refused": True}
    except Exception as problem:  # noqa: BLE001 - whatever a service raises is the answer
        return {"ok": False, "reason": f"The service's client failed ({type(problem).__name__})."}
    return {"ok": not reason, "reason": reason}


if __name__ == "__main__":
    sys.exit(main())
