"""Calls one of sprig's functions as the language does, with arguments that are already of the right types."""

from tasks.engine.gotemplate.limits import Limits, Permissions, Run
from tasks.engine.gotemplate.sprig import FUNCTIONS


def call(name, *arguments, limits=None, permissions=None):
    function = FUNCTIONS[name]
    run = Run(None, limits or Limits(), permissions or Permissions())
    return function.call(run, *arguments) if function.with_run else function.call(*arguments)
