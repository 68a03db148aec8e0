"""Templates of the pictures, as an author would write them; those of the browser's tests stand beside them."""

from tests.acceptance.templates import TEMPLATES

MORE = {
    "release": r"""
        name: release
        description: Release a service to all regions
        long_description: Builds, tests, rolls out region by region, and rolls back where the canary is ill.
        doc_link: https://example.org/release
        title_format: Release {{.input.service}} {{.input.version}}
        auto_runnable: true
        allow_all_resolver_usernames: true
        tags: {team: platform}
        inputs:
          - {name: service, description: Service, legal_values: [billing, search, mail]}
          - {name: version, description: Version, regex: '^v[0-9]+'}
          - {name: regions, description: Regions, collection: true, default: [north, south, west]}
        result_format: {released: "{{.input.service}} {{.input.version}}"}
        steps:
          build:
            description: Build the image
            action: {type: echo, configuration: {output: {image: "{{.input.service}}"}}}
          unitTests:
            description: Unit tests
            dependencies: [build]
            action: {type: echo, configuration: {output: {ok: true}}}
          scan:
            description: Look for known holes
            dependencies: [build]
            action: {type: echo, configuration: {output: {holes: 0}}}
          canary:
            description: A tenth of the traffic
            dependencies: [unitTests, scan]
            custom_states: [ILL]
            action: {type: echo, configuration: {output: {errors: "0"}}}
            conditions:
              - type: check
                if: [{value: "{{.step.canary.output.errors}}", operator: GT, expected: "5"}]
                then: {this: ILL}
                message: more than five errors
          rollOut:
            description: Every region
            foreach: '{{toJson .input.regions}}'
            dependencies: [canary]
            action: {type: echo, configuration: {output: {region: "{{.iterator}}"}}}
          rollBack:
            description: Back to the old image
            dependencies: ["canary:ILL"]
            action: {type: echo, configuration: {output: {}}}
          tell:
            description: Tell the team
            dependencies: ["rollOut:ANY", "rollBack:ANY"]
            action: {type: echo, configuration: {output: {}}}
    """,
    "fleet": """
        name: fleet
        description: Upgrade all machines of a fleet
        title_format: Upgrade of fleet {{.input.fleet}}
        auto_runnable: true
        allow_all_resolver_usernames: true
        inputs: [{name: fleet, description: Fleet}]
        steps:
          upgrades:
            description: A task for each machine
            action:
              type: batch
              configuration:
                template_name: upgrade
                inputs: [{host: north-1}, {host: north-2}, {host: north-3}, {host: south-1}, {host: south-2}]
          report:
            description: Report
            dependencies: [upgrades]
            action: {type: echo, configuration: {output: {}}}
    """,
    "upgrade": """
        name: upgrade
        description: Upgrade one machine
        title_format: Upgrade {{.input.host}}
        auto_runnable: true
        allow_all_resolver_usernames: true
        inputs: [{name: host, description: Machine}]
        steps:
          install:
            description: Install
            action: {type: echo, configuration: {output: {host: "{{.input.host}}"}}}
            conditions:
              - type: check
                if: [{value: "{{.input.host}}", operator: EQ, expected: north-3}]
                then: {this: CLIENT_ERROR}
                message: no space left on /boot
    """,
    "migrate": """
        name: migrate
        description: Move a database to another cluster
        title_format: Move {{.input.database}} to {{.input.cluster}}
        auto_runnable: true
        allow_all_resolver_usernames: true
        tags: {team: storage}
        inputs:
          - {name: database, description: Database}
          - {name: cluster, description: New cluster, legal_values: [green, blue]}
        steps:
          check:
            description: Look whether it fits
            action: {type: echo, configuration: {output: {fits: true, bytes: "73014444032"}}}
          copy:
            description: Copy all rows
            dependencies: [check]
            action: {type: script, configuration: {file_path: copy.sh, timeout: 15m, output_mode: disabled}}
          switch:
            description: Point the service at the copy
            dependencies: [copy]
            action: {type: echo, configuration: {output: {}}}
    """,
    "mirror": """
        name: mirror
        description: Mirror a repository
        title_format: Mirror of {{.input.repository}}
        auto_runnable: true
        allow_all_resolver_usernames: true
        retry_max: 20
        inputs: [{name: repository, description: Repository}]
        steps:
          fetch:
            description: Ask the other side
            retry_pattern: minutes
            action:
              type: echo
              configuration: {error_message: "503: the mirror is being rebuilt", output: {status: 503}}
          publish: {description: Publish, dependencies: [fetch], action: {type: echo, configuration: {output: {}}}}
    """,
}

REFUSED = """
    name: refused
    description: A template with mistakes
    title_format: never made
    steps:
      send:
        dependencies: [prepare]
        action: {type: htpp, configuration: {}}
"""

FUNCTION = """
    name: announce
    description: Says in the team's room that something happened
    action:
      type: echo
      configuration: {output: {room: '{{.function_args.room}}', text: '{{.function_args.text}}'}}
"""

#: "antifraud" ships with the product.
_ORDER = TEMPLATES["antifraud"].replace("name: antifraud", "name: order")
_OWN = {name: text for name, text in TEMPLATES.items() if name != "antifraud"}
ALL = {**_OWN, **MORE, "order": _ORDER}
