"""One month of the trail as a file: a line of JSON for each event, and the file's digest."""

import hashlib
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from opsmanager.audit.models import AuditEvent
from opsmanager.audit.trail import COLUMNS

_FIELDS: Final = ("seq", "at", *COLUMNS)


def export(month: date, path: Path) -> tuple[int, str]:
    """Write the events of a month, oldest first; return how many, and the file's SHA-256.

    The digest is written beside it as ``sha256sum`` does. A file that is there is whole: it is
    written beside its place first. Raises OSError.
    """
    begin = datetime(month.year, month.month, 1, tzinfo=UTC)
    next_month = (month.year + 1, 1) if month.month == 12 else (month.year, month.month + 1)
    rows = AuditEvent.objects.filter(at__gte=begin, at__lt=datetime(*next_month, 1, tzinfo=UTC))
    draft = path.with_name(f"{path.name}.draft")
    digest, count = hashlib.sha256(), 0
    with draft.open("wb") as file:
        os.fchmod(file.fileno(), 0o640)
        for event in rows.order_by("seq").values(*_FIELDS).iterator():
            event["at"] = event["at"].isoformat()
            line = f"{json.dumps(event, ensure_ascii=False)}\n".encode()
            digest.update(line)
            file.write(line)
            count += 1
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    told = f"{digest.hexdigest()}  {path.name}\n"
    path.with_name(f"{path.name}.sha256").write_text(told, encoding="utf-8")
    return count, digest.hexdigest()
