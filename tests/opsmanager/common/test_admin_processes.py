from datetime import timedelta

import pytest
from django.db.models import F

from opsmanager.common import pulse
from opsmanager.common.models import Pulse
from tests.support.users import signed_in, user_with

pytestmark = pytest.mark.django_db


def test_administrators_see_each_process_and_how_long_it_has_been_silent() -> None:
    pulse.note("worker", "lost:1")
    Pulse.objects.update(seen_at=F("seen_at") - timedelta(seconds=300))
    pulse.note("worker", "well:2")
    pulse.note("anchor", "ops@example.com")
    page = signed_in(user_with("ADMIN", is_staff=True)).get("/admin/common/pulse/")
    text = page.content.decode()
    lost, well = text.index("lost:1"), text.index("well:2")
    assert "Silent" in text[lost:well]
    assert "30" in text[lost:well]
    assert "Lives" in text[well:]
    assert "ops@example.com" not in text
