"""People and templates that the tests of the API speak of."""

import textwrap
from pathlib import Path

#: Groups of each person; ``adm`` is the administrator, ``str`` the stranger.
PEOPLE: dict[str, tuple[str, ...]] = {
    "adm": (),
    "req": (),
    "own": (),
    "ogr": ("owners",),
    "res": (),
    "cre": (),
    "rgr": ("resolvers",),
    "wat": (),
    "wgr": ("watchers",),
    "str": (),
}
PASSWORD = "open sesame"


TEMPLATES = {
    "hello": """
        name: hello
        description: greets somebody
        title_format: Say hello to {{.input.name}}
        inputs: [{name: name, description: whom}]
        steps:
          step:
            description: greet
            action: {type: echo, configuration: {output: {said: "Hello {{.input.name}}!"}}}
    """,
    "dummy": """
        name: dummy
        description: one echo
        title_format: dummy {{.input.id}}
        result_format: {said: "{{.step.step.output.said}}"}
        inputs: [{name: id, description: an id}]
        steps:
          step:
            description: say it
            action: {type: echo, configuration: {output: {said: "{{.input.id}}"}}}
    """,
    "owned": """
        name: owned
        description: has owners
        title_format: owned {{.input.id}}
        inputs: [{name: id, description: an id}]
        allowed_resolver_usernames: [own]
        allowed_resolver_groups: [owners]
        steps:
          step:
            description: say it
            custom_states: [REFUSED]
            action: {type: echo, configuration: {output: {said: "{{.input.id}}"}}}
          other:
            description: another
            custom_states: [ELSEWHERE]
            action: {type: echo, configuration: {output: {}}}
    """,
    "owned2": """
        name: owned2
        description: has owners, who may start over
        title_format: owned2 {{.input.id}}
        inputs: [{name: id, description: an id}]
        allowed_resolver_usernames: [own]
        allow_task_start_over: true
        steps:
          step:
            description: say it
            action: {type: echo, configuration: {output: {said: "{{.input.id}}"}}}
    """,
    "auto": """
        name: auto
        description: starts by itself
        title_format: auto
        auto_runnable: true
        allow_all_resolver_usernames: true
        steps:
          step:
            description: say it
            action: {type: echo, configuration: {output: {said: it}}}
    """,
    "password": """
        name: password
        description: keeps a secret
        title_format: password
        inputs: [{name: verysecret, description: nobody sees it, type: password}]
        result_format: {revealed: "{{.step.step.output.revealed}}"}
        steps:
          step:
            description: reveal
            action: {type: echo, configuration: {output: {revealed: "{{.input.verysecret}}"}}}
    """,
    "chosen": """
        name: chosen
        description: asks its resolver
        title_format: chosen {{.input.id}}
        inputs: [{name: id, description: an id}]
        resolver_inputs: [{name: ri1, description: one of two, legal_values: [foo, bar]}]
        steps:
          step:
            description: judged by the resolver
            action: {type: echo, configuration: {output: {said: "{{.resolver_input.ri1}}"}}}
            conditions:
              - type: skip
                if: [{value: "{{.resolver_input.ri1}}", operator: EQ, expected: foo}]
                then: {this: CLIENT_ERROR}
                message: foo is not wanted
    """,
    "blocked": """
        name: blocked
        description: cannot be used
        title_format: blocked
        blocked: true
        steps: {step: {description: nothing, action: {type: echo, configuration: {output: {}}}}}
    """,
    "hidden": """
        name: hidden
        description: not shown
        title_format: hidden
        hidden: true
        steps: {step: {description: nothing, action: {type: echo, configuration: {output: {}}}}}
    """,
    "both": """
        name: both
        description: neither
        title_format: both
        hidden: true
        blocked: true
        steps: {step: {description: nothing, action: {type: echo, configuration: {output: {}}}}}
    """,
    "callback": """
        name: callback
        description: waits for a call
        title_format: callback
        steps:
          create:
            description: make an address
            action:
              type: callback
              configuration:
                action: create
                schema:
                  type: object
                  required: [success]
                  additionalProperties: false
                  properties: {success: {type: boolean, description: did it work}}
          wait:
            description: wait for the call
            dependencies: [create]
            action: {type: callback, configuration: {action: wait, id: "{{.step.create.output.id}}"}}
    """,
    "busy": """
        name: busy
        description: waits as long as nobody calls
        title_format: busy {{.input.id}}
        inputs: [{name: id, description: an id}]
        allowed_resolver_usernames: [own]
        steps:
          create: {description: make an address, action: {type: callback, configuration: {action: create}}}
          wait:
            description: wait for the call
            dependencies: [create]
            action: {type: callback, configuration: {action: wait, id: "{{.step.create.output.id}}"}}
    """,
    "limited": """
        name: limited
        description: fails until it has used up its runs
        title_format: limited
        retry_max: 2
        allowed_resolver_usernames: [own]
        steps:
          step:
            description: fails
            retry_pattern: seconds
            action: {type: echo, configuration: {error_message: not today}}
    """,
    "parent": """
        name: parent
        description: waits for a child
        title_format: parent
        steps:
          child:
            description: ask for a dummy
            action: {type: subtask, configuration: {template: dummy, input: {id: child}}}
    """,
    "longing": """
        name: longing
        description: runs for a while
        title_format: longing
        allowed_resolver_usernames: [own]
        steps:
          sleep:
            description: take its time
            action: {type: script, configuration: {file_path: sleep.sh, output_mode: disabled}}
    """,
}

FUNCTIONS = {
    "greet": """
        name: greet
        description: says hello
        action: {type: echo, configuration: {output: {said: "hello {{.function_args.name}}"}}}
    """,
}

#: Runs until it is told to end by a file that appears beside it.
SLEEP = """#!/bin/sh
i=0
while [ ! -e "$(dirname "$0")/enough" ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done
"""


def write_folders(folder: Path) -> tuple[Path, Path, Path]:
    """The templates, functions and scripts as files in new folders below ``folder``."""
    templates, functions, scripts = (folder / name for name in ("templates", "functions", "scripts"))
    for place, documents in ((templates, TEMPLATES), (functions, FUNCTIONS)):
        place.mkdir()
        for name, document in documents.items():
            (place / f"{name}.yaml").write_text(textwrap.dedent(document))
    scripts.mkdir()
    (scripts / "sleep.sh").write_text(SLEEP)
    (scripts / "sleep.sh").chmod(0o755)
    return templates, functions, scripts
