"""The engine: every rule of µTask as pure functions. No Django, no input or output, no clock of its own.

This is the front door; each name says in its own module what it gives.
"""

from tasks.engine.graphs import graph
from tasks.engine.reading import parse_function, parse_template
from tasks.engine.resolution import advance
from tasks.engine.simulation import simulate

__all__ = ["advance", "graph", "parse_function", "parse_template", "simulate"]
