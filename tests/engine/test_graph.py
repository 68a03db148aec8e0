from tasks.engine import graph
from tasks.engine.graphs import Edge
from tests.engine.template_texts import functions, template

FUNCTIONS = functions(
    """
    name: undo
    action: {type: echo, configuration: {}}
    custom_states: [UNDONE]
    conditions: [{type: check, then: {this: UNDONE, build: TO_RETRY, nobody: PRUNE}}]
    """
)

BODY = """
    steps:
      build: {description: Builds, action: &ok {type: echo, configuration: {}}, custom_states: [RED]}
      test:
        foreach: "[]"
        dependencies: [build]
        action: *ok
        conditions: [{type: check, then: {this: DONE, test: TO_RETRY, build: TO_RETRY}},
                     {type: check, then: {build: RED}}]
      deploy: {dependencies: ["test:ANY", "build:RED,DONE"], action: {type: undo}}
"""


def drawn():
    return graph(template(BODY, functions=FUNCTIONS))


def test_nodes_are_the_steps_in_order_of_writing():
    build, test, deploy = drawn().nodes
    assert (build.name, build.description, build.action, build.loop) == ("build", "Builds", "echo", False)
    assert test.loop
    assert (deploy.action, deploy.custom_states) == ("undo", ("UNDONE",))


def test_an_edge_is_labelled_with_the_states_it_waits_for():
    waiting = [edge for edge in drawn().edges if not edge.influence]
    assert [(edge.source, edge.target, edge.label) for edge in waiting] == [
        ("build", "test", ""),
        ("test", "deploy", "ANY"),
        ("build", "deploy", "DONE, RED"),
    ]


def test_what_conditions_change_are_edges_of_their_own_functions_included():
    influences = [edge for edge in drawn().edges if edge.influence]
    assert influences == [
        Edge("test", "test", ("TO_RETRY",), influence=True),
        Edge("test", "build", ("TO_RETRY", "RED"), influence=True),
        Edge("deploy", "build", ("TO_RETRY",), influence=True),
    ]


def test_a_resolutions_own_steps_can_be_drawn():
    definition = template(BODY, functions=FUNCTIONS)
    steps = {name: step for name, step in definition.steps.items() if name != "build"}
    drawing = graph(definition, steps)
    assert [node.name for node in drawing.nodes] == ["test", "deploy"]
    assert {edge.source for edge in drawing.edges} | {edge.target for edge in drawing.edges} == {"test", "deploy"}


def test_a_template_without_steps_is_an_empty_graph():
    assert graph(template("")).nodes == graph(template("")).edges == ()
