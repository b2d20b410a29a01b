"""One user's memory as a local page: look at it, ask it, talk to it, change it. Needs the extra `ui`.

Rendered on the server over the public API alone; nothing is loaded from elsewhere. Whose memory it is says whoever
makes the page; no request can change it.
"""

from langmem_ext.errors import MissingExtraError

try:
    import jinja2 as _jinja2  # noqa: F401 - the one place that finds out whether the extra is there
    import python_multipart as _multipart  # noqa: F401
    import starlette as _starlette  # noqa: F401
    import uvicorn as _uvicorn  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError(f'the page needs {error.name}: pip install "langmem-ext[ui]"') from error

from langmem_ext.addresses import is_loopback
from langmem_ext.ui.app import create_page
from langmem_ext.ui.security import Gate
from langmem_ext.ui.serving import serve_page

__all__ = ["Gate", "create_page", "is_loopback", "serve_page"]
