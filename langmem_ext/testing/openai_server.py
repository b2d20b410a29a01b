"""A server on loopback that speaks OpenAI's protocol with scripted answers and scripted faults.

It lets `ChatOpenAI`, `OpenAIEmbeddings` and every other client of the protocol run for real, over HTTP, without a key:
chat completions (whole and streamed, tools, structured output, usage) and embeddings (floats and base64). The protocol
is that of https://platform.openai.com/docs/api-reference. Standard library only.
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from langchain_core.embeddings import Embeddings
from langchain_core.messages import BaseMessage
from langchain_core.messages.utils import convert_to_messages

from langmem_ext.offline.embeddings import HashingEmbeddings
from langmem_ext.testing.faults import Fault, message_of
from langmem_ext.testing.models import Response, as_message, response_of
from langmem_ext.testing.openai_wire import JSON, base64_of, completion, events
from langmem_ext.tokens import count_message, count_messages, count_text, count_tools

_STATUS_NAMES: Final = {429: "rate_limit_exceeded", 400: "invalid_request_error", 404: "not_found"}


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request that the server received: its path, its JSON body and its headers (names in lower case)."""

    path: str
    body: JSON
    headers: dict[str, str] = field(default_factory=dict)


Step = Response | Fault | Callable[[list[BaseMessage]], Response]


class _Refused(Exception):  # noqa: N818 - an outcome of the handler, never seen outside
    """The request is answered with an error status."""

    def __init__(self, status: int, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class OpenAIProtocolServer:
    """An HTTP server on 127.0.0.1 with scripted answers; use it as a context manager.

    Every chat request takes the next step of the script: a text, an `AIMessage`, structured output (a pydantic object
    or a dict: a call of the bound tool, or JSON where a ``response_format`` is asked for), a function of the prompt, or
    a `Fault`. Requests are served by a thread each; the script and the record are locked.

    Args:
        responses: The script of the chat endpoint. A request beyond its end is refused with status 400.
        embeddings: Vectors of the embeddings endpoint; `HashingEmbeddings` by default.
        embedding_faults: Faults of the first requests of the embeddings endpoint (refusals, hangs, drops).

    Example:
        with OpenAIProtocolServer(["Hello!"]) as server:
            model = ChatOpenAI(base_url=server.url, api_key="none", model="scripted")
    """

    def __init__(
        self,
        responses: Sequence[Step] = (),
        *,
        embeddings: Embeddings | None = None,
        embedding_faults: Sequence[Fault] = (),
    ) -> None:
        self._script: list[Step] = list(responses)
        self._embeddings = embeddings
        self._embedding_faults = list(embedding_faults)
        self._requests: list[RecordedRequest] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Base URL for clients, with ``/v1``.

        Raises:
            RuntimeError: The server is not running.
        """
        if self._server is None:
            raise RuntimeError("the server is not running; use `with OpenAIProtocolServer(...) as server:`")
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests so far, oldest first; a copy."""
        with self._lock:
            return list(self._requests)

    def add(self, *responses: Step) -> None:
        """Append steps to the script."""
        with self._lock:
            self._script.extend(responses)

    def __enter__(self) -> Self:
        self._closing.clear()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="openai-protocol-server")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = self._thread = None

    def record(self, request: RecordedRequest) -> None:
        """Note a request; called by the handler."""
        with self._lock:
            self._requests.append(request)

    def next_step(self) -> Step:
        """Take the next step of the script; called by the handler.

        Raises:
            _Refused: The script is at its end.
        """
        with self._lock:
            if not self._script:
                raise _Refused(400, "the script of the test server is exhausted; give it more responses")
            return self._script.pop(0)

    def next_embedding_fault(self) -> Fault | None:
        """Take the next fault of the embeddings endpoint, if any is left; called by the handler."""
        with self._lock:
            return self._embedding_faults.pop(0) if self._embedding_faults else None

    def embed(self, texts: list[str], dimensions: int | None) -> list[list[float]]:
        """Return vectors; `dimensions` asks for a size of the client's own. Called by the handler."""
        model = self._embeddings or (HashingEmbeddings() if dimensions is None else HashingEmbeddings(dimensions))
        return model.embed_documents(texts)

    def wait(self, seconds: float) -> None:
        """Hold a request; ends early when the server closes. Called by the handler."""
        self._closing.wait(seconds)


class _Server(ThreadingHTTPServer):
    """The listening socket; it knows whose script it serves."""

    daemon_threads = True

    def __init__(self, owner: OpenAIProtocolServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner


class _Handler(BaseHTTPRequestHandler):
    """Serve one connection, one request each, so that no thread outlives its client."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature is the standard library's
        """Keep test output clean."""

    def do_GET(self) -> None:
        """List the one model."""
        if self.path == "/v1/models":
            self._send(200, {"object": "list", "data": [{"id": "scripted", "object": "model", "owned_by": "test"}]})
        else:
            self._send_error(_Refused(404, f"no such path: {self.path}"))

    def _unknown(self, _body: JSON) -> None:
        raise _Refused(404, f"no such path: {self.path}")

    def do_POST(self) -> None:
        """Answer a completion or embeddings request."""
        length = int(self.headers.get("Content-Length", 0))
        answer = {"/v1/chat/completions": self._chat, "/v1/embeddings": self._embed}.get(self.path, self._unknown)
        try:
            body: JSON = json.loads(self.rfile.read(length) or b"{}")
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.owner.record(RecordedRequest(self.path, body, headers))
            answer(body)
        except json.JSONDecodeError:
            self._send_error(_Refused(400, "the body is not JSON"))
        except _Refused as refusal:
            self._send_error(refusal)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _chat(self, body: JSON) -> None:
        step = self.server.owner.next_step()
        prompt = convert_to_messages(body["messages"])
        tools = [] if "response_format" in body else body.get("tools", [])
        fault = step if isinstance(step, Fault) else None
        if fault is not None and self._failed(fault):
            return
        dropped = fault is not None and fault.kind == "drop"
        message = message_of(fault, tools) if fault is not None else as_message(response_of(step, prompt), tools)
        broken = fault is not None and fault.kind == "malformed"
        sent = count_messages(prompt) + count_tools(body.get("tools", ()))
        received = count_message(message)
        usage = {"prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received}
        if body.get("stream"):
            asked = (body.get("stream_options") or {}).get("include_usage")
            self._stream(events(body, message, usage if asked else None, broken=broken), dropped=dropped)
        else:
            self._send(200, completion(body, message, usage, broken=broken), dropped=dropped)

    def _embed(self, body: JSON) -> None:
        fault = self.server.owner.next_embedding_fault()
        if fault is not None and self._failed(fault):
            return
        given = body["input"]
        texts = [given] if isinstance(given, str) else given
        if not all(isinstance(text, str) for text in texts):
            raise _Refused(400, "token ids are not served; set check_embedding_ctx_length=False on OpenAIEmbeddings")
        vectors = self.server.owner.embed(texts, body.get("dimensions"))
        coded = body.get("encoding_format") == "base64"
        data = [
            {"object": "embedding", "index": index, "embedding": base64_of(vector) if coded else vector}
            for index, vector in enumerate(vectors)
        ]
        tokens = sum(map(count_text, texts))
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        answer = {"object": "list", "model": body.get("model", "scripted"), "data": data, "usage": usage}
        self._send(200, answer, dropped=fault is not None and fault.kind == "drop")

    def _failed(self, fault: Fault) -> bool:
        """Refuse or hang, where the fault is that; return whether the request is done with."""
        if fault.kind == "status":
            raise _Refused(fault.status, "a scripted fault", fault.retry_after)
        if fault.kind == "hang":
            self.server.owner.wait(fault.seconds)
            self.close_connection = True
            return True
        return False

    def _send(self, status: int, answer: JSON, *, retry_after: float | None = None, dropped: bool = False) -> None:
        data = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if retry_after is not None:
            self.send_header("Retry-After", f"{retry_after:g}")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if dropped else data)

    def _send_error(self, refusal: _Refused) -> None:
        name = _STATUS_NAMES.get(refusal.status, "server_error")
        error = {"message": str(refusal), "type": name, "code": name, "param": None}
        with suppress(BrokenPipeError, ConnectionResetError):
            self._send(refusal.status, {"error": error}, retry_after=refusal.retry_after)

    def _stream(self, events: Iterator[JSON], *, dropped: bool) -> None:
        """Send server-sent events in chunked coding; a stream that is dropped ends without the last chunk."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        lines = [json.dumps(event, ensure_ascii=False) for event in events]
        for line in lines[: len(lines) // 2] if dropped else [*lines, "[DONE]"]:
            data = f"data: {line}\n\n".encode("utf-8", "replace")
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
        if not dropped:
            self.wfile.write(b"0\r\n\r\n")
