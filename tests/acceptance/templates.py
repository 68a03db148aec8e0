"""Templates that the browser's tests run, as an author would write them."""

TEMPLATES = {
    "form": r"""
        name: form
        description: Every kind of input
        long_description: Two lines,\nand a link.
        doc_link: https://example.org/form
        title_format: Form of {{.input.text}}
        auto_runnable: true
        allow_all_resolver_usernames: true
        inputs:
          - {name: text, description: A text, regex: '^[a-z]{3,8}$'}
          - {name: served, description: Known to the server alone, regex: '(?i)^abc$', default: ABC}
          - {name: choice, description: One of these, legal_values: [one, two, '3'], default: two}
          - {name: number, description: A number, type: number, default: 1.50}
          - {name: secret, description: A password, type: password}
          - {name: flag, description: Yes or no, type: bool, default: false}
          - {name: several, description: Some of these, collection: true, legal_values: [red, green], optional: true}
          - {name: many, description: A list, collection: true, optional: true}
          - {name: free, description: Anything, optional: true}
          - {name: kept, description: Not shown, hidden: true, default: kept}
        steps:
          say:
            description: Say what was given
            action:
              type: echo
              configuration: {output: {all: "{{toJson .input.many}} {{.input.number}} {{.input.choice}}"}}
        result_format: {said: "{{.step.say.output.all}}"}
    """,
    "antifraud": """
        name: antifraud
        description: Decide on a suspicious order
        title_format: Order of {{.input.client}}
        inputs: [{name: client, description: Client}]
        resolver_inputs: [{name: score, description: Trust score, type: number}]
        steps:
          judge:
            description: Judge by the score
            custom_states: [BAD]
            action: {type: echo, configuration: {output: {score: "{{.resolver_input.score}}"}}}
            conditions:
              - type: check
                if: [{value: "{{.resolver_input.score}}", operator: LT, expected: "50"}]
                then: {this: BAD}
                message: score below 50
          deliver: {description: Deliver, dependencies: [judge], action: {type: echo, configuration: {output: {}}}}
          refuse: {description: Refuse, dependencies: ["judge:BAD"], action: {type: echo, configuration: {output: {}}}}
    """,
    "broken": """
        name: broken
        description: Fails until somebody mends it
        title_format: Broken delivery
        auto_runnable: true
        allow_all_resolver_usernames: true
        result_format: {sent: "{{.step.send.output.sent}}"}
        steps:
          fetch: {description: Fetch, action: {type: echo, configuration: {output: {parcel: 1}}}}
          send:
            description: Send
            dependencies: [fetch]
            action: {type: echo, configuration: {error_type: client, error_message: "422: no such street"}}
    """,
    "confirm": """
        name: confirm
        description: Waits for an answer
        title_format: To be confirmed
        auto_runnable: true
        allow_all_resolver_usernames: true
        result_format: {why: "{{.step.wait.output.body.why}}"}
        steps:
          ask:
            description: Ask
            action:
              type: callback
              configuration:
                action: create
                schema:
                  title: Is it right?
                  type: object
                  required: [ok]
                  properties: {ok: {type: boolean, title: Right}, why: {type: string, title: Why}}
          wait:
            description: Wait
            dependencies: [ask]
            action: {type: callback, configuration: {action: wait, id: "{{.step.ask.output.id}}"}}
          each:
            description: A loop
            foreach: '["a","b","c"]'
            action: {type: echo, configuration: {output: {letter: "{{.iterator}}"}}}
    """,
    "manual": """
        name: manual
        description: Needs somebody who resolves it
        title_format: By hand {{.input.id}}
        inputs: [{name: id, description: Which}]
        steps:
          say: {description: Say it, action: {type: echo, configuration: {output: {}}}}
    """,
}

#: For single flows; ``announce`` needs the backend ``receiver``.
MORE = {
    "chain": """
        name: chain
        description: One after another
        title_format: In a row
        steps:
          one: {description: First, action: &nothing {type: echo, configuration: {output: {}}}}
          two: {description: Second, dependencies: [one], action: *nothing}
          three: {description: Third, dependencies: [two], action: *nothing}
          four: {description: Fourth, dependencies: [three], action: *nothing}
          five: {description: Fifth, dependencies: [four], action: *nothing}
          six: {description: Sixth, dependencies: [five], action: *nothing}
          seven: {description: Seventh, dependencies: [six], action: *nothing}
          eight: {description: Eighth, dependencies: [seven], action: *nothing}
    """,
    "outage": """
        name: outage
        description: One run, and what it asks is down
        title_format: Nobody answers
        auto_runnable: true
        allow_all_resolver_usernames: true
        retry_max: 1
        steps:
          ask: {description: Ask, action: {type: echo, configuration: {error_type: server, error_message: "503: busy"}}}
    """,
    "announce": """
        name: announce
        description: Tells somebody
        title_format: Announced
        auto_runnable: true
        allow_all_resolver_usernames: true
        steps:
          tell:
            description: Tell that it is here
            action: {type: notify, configuration: {message: the parcel is here, backends: [receiver]}}
    """,
}
