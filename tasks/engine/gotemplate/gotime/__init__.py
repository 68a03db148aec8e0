"""Go's package ``time`` as far as templates can see it; the front door is ``tasks.engine.gotemplate.times``."""

from . import methods as methods  # gives the values their methods, whichever module is imported first
