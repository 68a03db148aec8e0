"""Returns what its configuration says; reshapes data, simulates failures."""

from __future__ import annotations

from typing import Any

from actions import Action, ClientError, Context, Result, ServerError, field


class Echo(Action):
    """Returns a value, or fails as told."""

    name, version = "echo", "0.1"
    pure = True

    class Config:
        output: Any = field(default=None, help="The output, any value.")
        metadata: dict[str, Any] | None = field(default=None, help="The metadata, an object.")
        unmarshal: bool = field(default=False, help="Read the output, a text, as YAML or JSON.")
        error_message: str = field(default="", help="Fail with this message; empty: succeed.")
        error_type: str = field(
            default="", choices=("client", "server", ""), literal=True, help="Which error; empty: `server`."
        )

    def run(self, cfg: Config, ctx: Context) -> Result:
        output = self._parsed(cfg.output, ctx) if cfg.unmarshal else cfg.output
        if not cfg.error_message:
            return Result(output, cfg.metadata)
        kind = ClientError if cfg.error_type == "client" else ServerError
        raise kind(cfg.error_message, output=output, metadata=cfg.metadata)

    @staticmethod
    def _parsed(output: Any, ctx: Context) -> Any:
        if not isinstance(output, str):
            raise ServerError("unmarshal: output must be a text")
        try:
            return ctx.load_yaml(output)
        except ValueError as error:
            raise ServerError("unmarshal: output is neither YAML nor JSON") from error
