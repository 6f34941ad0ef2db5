"""A small MCP server on the official Python SDK, with health routes.

One program stands in for every image name of the documented samples, so it
takes the port from wherever that sample's system puts it (--port, MCP_PORT or
PORT) and leaves arguments meant for the original alone.
"""

import argparse
import os
import sys

import uvicorn
from mcp.server import MCPServer
from starlette.requests import Request
from starlette.responses import PlainTextResponse

NAME = os.environ.get("MCP_SERVER_NAME", "sample")
server = MCPServer(NAME)


@server.tool()
def echo(text: str) -> str:
    """Return the text."""
    return text


@server.tool()
def add(a: int, b: int) -> int:
    """Return the sum of two integers."""
    return a + b


@server.custom_route("/health", methods=["GET"])
@server.custom_route("/ready", methods=["GET"])
async def health(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")


def options() -> argparse.Namespace:
    env = os.environ
    p = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    p.add_argument("--port", type=int,
                   default=int(env.get("MCP_PORT") or env.get("PORT") or 8080))
    p.add_argument("--transport", default=env.get("MCP_TRANSPORT") or "http")
    known, ignored = p.parse_known_args()
    if ignored:
        print("arguments of the original, ignored:", *ignored, file=sys.stderr)
    return known


def main() -> None:
    o = options()
    if o.transport == "stdio":
        server.run("stdio")
        return
    # Stateless: a call may reach any replica behind the Service.
    app = server.streamable_http_app(host="0.0.0.0", stateless_http=True)
    print(f"{NAME}: listening on port {o.port}", file=sys.stderr, flush=True)
    uvicorn.run(app, host="0.0.0.0", port=o.port, log_level="warning",
                timeout_graceful_shutdown=3)


if __name__ == "__main__":
    main()
