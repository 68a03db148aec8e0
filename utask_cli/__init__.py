"""The command-line client: speaks HTTP to any µTask server, imports nothing of it.

``python -m utask_cli --help`` lists the commands. Source: docs/api.md, "Command line".
"""
