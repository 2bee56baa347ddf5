"""Masks secrets in text: the very values in use, and what looks like a secret of a known family.

Knows neither Django nor a database. :class:`Redactor` masks a whole text, its stream one that
arrives in pieces. What nobody can mask is a secret that its author prints in disguise.
"""

from opsmanager.common.redact.mask import MASK
from opsmanager.common.redact.redactor import Redactor
from opsmanager.common.redact.stream import Stream

__all__ = ["MASK", "Redactor", "Stream"]
