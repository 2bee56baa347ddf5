"""The pure heart of OpsManager: what a runbook is and how its steps are run.

Nothing here knows Django, Celery or SSH. The outside world enters through two ports
(:mod:`automation.engine.ports`).
"""
