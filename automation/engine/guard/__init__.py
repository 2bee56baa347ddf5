"""The command guard: reads a command as shell syntax and refuses what destroys a machine.

It stops accidents and the careless. It can't stop whoever wants to get past it: a script that
lies on the server runs unseen. Those walls are elsewhere: who may write runbooks, and what the
login may do.
"""

from automation.engine.guard.decision import Decision, Severity
from automation.engine.guard.guard import Guard, weigh

__all__ = ["Decision", "Guard", "Severity", "weigh"]
