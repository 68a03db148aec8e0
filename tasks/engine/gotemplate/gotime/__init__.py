"""Go's package ``time`` as far as templates can see it; the front door is ``tasks.engine.gotemplate.times``."""
