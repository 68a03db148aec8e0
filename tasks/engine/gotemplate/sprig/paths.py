"""base, dir, clean, ext, isAbs, and the same with ``os`` in front: on Unix they do not differ."""

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.sprig import filepaths

FUNCTIONS: dict[str, Function] = {}

declare(FUNCTIONS, "base osBase", "string")(filepaths.base)
declare(FUNCTIONS, "dir osDir", "string")(filepaths.directory)
declare(FUNCTIONS, "clean osClean", "string")(filepaths.clean)
declare(FUNCTIONS, "ext osExt", "string")(filepaths.extension)
declare(FUNCTIONS, "isAbs osIsAbs", "string")(filepaths.is_absolute)
