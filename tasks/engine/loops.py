"""Loops in a run: when they are expanded, collected, stopped, and done anew.

A loop is never RUNNING: while it is EXPANDED its children run, and it waits for them. Source: docs/engine.md, "Loops".
"""

from datetime import datetime
from typing import TYPE_CHECKING

from tasks.engine.foreach import child_name, collect_children
from tasks.engine.jobs import JobKind, Listed
from tasks.engine.lifecycle import StepEvent, is_final
from tasks.engine.network import Node
from tasks.engine.results import skip_outcome
from tasks.engine.retries import is_used_up, limit_error
from tasks.states import StepState

if TYPE_CHECKING:
    from tasks.engine.run import Run

S, E = StepState, StepEvent


def begin(run: "Run", node: Node, now: datetime) -> None:
    """A loop without children is reached: judge its own skip conditions, then render its list."""
    if node.state == S.RETRY_NOW and not _count_round(run, node, now):
        return
    run.order(node, JobKind.LIST, slow=node.plan.slow_list)


def listed(run: "Run", node: Node, listed: Listed, now: datetime) -> None:
    """Expand, unless a skip condition says otherwise or the list is bad."""
    run.job_over(node)
    if listed.verdict.met or listed.verdict.problem:
        node.spent = True
        state, error = skip_outcome(run, node, listed.verdict, now)
        event = E.SKIP_FAILED if listed.verdict.problem else E.SKIPPED
        run.resolution.change(node, now, event, state, error=error, due_at=None, detail=error)
        return
    items = listed.items or []
    problem = listed.problem or _name_taken(run, node, len(items))
    if problem:
        node.spent = True
        run.resolution.change(node, now, E.LIST_FAILED, S.FATAL_ERROR, error=problem, due_at=None, detail=problem)
        return
    run.resolution.change(node, now, E.EXPANDED, S.EXPANDED, error="", prior_state="", due_at=None)
    children = run.resolution.add_children(node, items)
    run.fresh |= dict.fromkeys(children)
    run.fresh[node] = None  # an empty one is collected at once


def is_complete(node: Node) -> bool:
    """Whether all that an expanded or broken-off loop waits for is there: it only has to be collected."""
    if node.state == S.EXPANDED:
        return node.unmet == 0 and node.unsettled_children == 0
    return bool(node.children) and is_final(node.state) and node.unfinished_children == 0


def may_go_on(run: "Run", node: Node) -> bool:
    """Whether a loop that has children, or had none to have, is to be collected now."""
    if node.state == S.EXPANDED or is_final(node.state):
        return is_complete(node)
    return node.busy_children == 0 and node.unmet == 0 and (node.stopped or run.is_due(node))


def go_on(run: "Run", node: Node, now: datetime) -> None:
    """Collect the children. EXPANDED becomes DONE, a final state that a child gave stays; any other is done anew.

    Redoing a loop takes a new run (with its delay), except by RETRY_NOW, or where a run by hand finds it so.
    """
    state = node.state
    done = state == S.EXPANDED or is_final(state)
    found_so = not node.stopped and state != S.TO_RETRY
    children = run.network.remove_children(node)
    for child in children:
        run.record.step_deleted(child.name)
    run.resolution.change(
        node,
        now,
        E.COLLECTED,
        S.DONE if state == S.EXPANDED else state,
        children=collect_children(child.step for child in children),
        output=node.step.output if done else None,
        error="" if state in (S.EXPANDED, S.TO_RETRY, S.RETRY_NOW) else node.step.error,
    )
    node.spent = done or not (state == S.RETRY_NOW or found_so)
    if not node.spent:
        run.fresh[node] = None


def stopped(run: "Run", node: Node, now: datetime) -> None:
    """A condition gave a state to a loop that has children.

    Fixed: a final one is the "break" of loops: what has not started is pruned, what runs finishes, then all is
    collected.
    """
    if is_final(node.state):
        prune_unstarted(run, node, now)
    else:
        node.stopped = node.state != S.RETRY_NOW
        node.spent = False
    run.fresh[node] = None


def prune_unstarted(run: "Run", node: Node, now: datetime) -> None:
    """The children that have not started are pruned."""
    for child in node.children:
        if child.state == S.TODO and not child.is_busy:
            run.resolution.change(child, now, E.PRUNED, S.PRUNE)


def _count_round(run: "Run", node: Node, now: datetime) -> bool:
    """A round of RETRY_NOW counts as a try of the loop; False where it was one too many.

    Fixed: the original goes round for ever.
    """
    run.resolution.change(node, now, E.GIVEN, node.state, try_count=node.step.try_count + 1)
    node.counted = True
    if not is_used_up(node.step):
        return True
    node.spent = True
    run.resolution.change(node, now, E.LIMIT, S.FATAL_ERROR, error=limit_error(node.step))
    return False


def _name_taken(run: "Run", node: Node, count: int) -> str:
    """Fixed: a child does not overwrite a step that has its name."""
    for index in range(count):
        name = child_name(node.name, index)
        if name in run.network.nodes:
            return f"foreach: a step named {name} exists already"
    return ""
