"""Pictures as SVG text: plain values in, text out. Knows nothing of tasks, rows or requests.

Colours come from the page's style sheet by class names, so that one picture serves light and dark and passes a policy
without inline styles.
"""

from tasks.drawing.charts import Bar, bar_chart
from tasks.drawing.graph import Edge, Node, draw_graph
from tasks.drawing.looks import Look, look_of
from tasks.drawing.shares import Share, share_bar
from tasks.drawing.timeline import Span, draw_timeline

__all__ = [
    "Bar",
    "Edge",
    "Look",
    "Node",
    "Share",
    "Span",
    "bar_chart",
    "draw_graph",
    "draw_timeline",
    "look_of",
    "share_bar",
]
