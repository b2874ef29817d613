"""Lets Temporal workers consolidate: those that the load does not need leave.

The rule is that of the crate temporal-worker-surplus; see README.md.
"""

from .plugin import Consolidation
from .rule import BusyMean, Judgement, Listed, Looker, judge, pause, slots_needed

__all__ = [
    "BusyMean",
    "Consolidation",
    "Judgement",
    "Listed",
    "Looker",
    "judge",
    "pause",
    "slots_needed",
]
