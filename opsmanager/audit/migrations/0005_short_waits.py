"""What makes and drops a month waits for its lock for a moment only: all who write wait behind it."""

from django.db import migrations

_SHORT = """
ALTER FUNCTION make_month_partition(text, date) SET lock_timeout = '300ms';
ALTER FUNCTION audit_drop_month(date, integer) SET lock_timeout = '300ms';
"""
_LONG = """
ALTER FUNCTION make_month_partition(text, date) RESET lock_timeout;
ALTER FUNCTION audit_drop_month(date, integer) SET lock_timeout = '10s';
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_search")]

    operations = [
        # Old code bears RunSQL 1: it logs the refusal, and tries again when beat asks next time.
        migrations.RunSQL(_SHORT, _LONG),
    ]
