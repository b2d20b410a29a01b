"""One user's memory as an MCP server: tools, resources and a prompt for coding assistants and desktop agents.

Needs the extra `mcp`. Whose memory it is says whoever makes the server; no argument of a client can change it.
"""

from langmem_ext.errors import MissingExtraError

try:
    import mcp as _sdk  # noqa: F401 - the one place that finds out whether the extra is there
except ModuleNotFoundError as error:
    if error.name != "mcp":
        raise
    raise MissingExtraError('the MCP server needs the MCP SDK: pip install "langmem-ext[mcp]"') from error

from langmem_ext.mcp_server.server import create_mcp_server
from langmem_ext.mcp_server.serving import http_app, serve_http, serve_stdio

__all__ = ["create_mcp_server", "http_app", "serve_http", "serve_stdio"]
