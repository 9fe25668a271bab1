"""Vectors for LangChain: ``TaperEmbeddings("dense.plan")`` wherever it takes ``Embeddings`` (needs langchain-core)."""
from __future__ import annotations

import os

from langchain_core.embeddings import Embeddings

from ._plan import Plan


class TaperEmbeddings(Embeddings):
    """LangChain's ``Embeddings`` over a plan of vectors.

    query_prompt, document_prompt: names of the model's prompts, where it has some; None: its default one.
    """

    def __init__(self, path: str | os.PathLike[str], *, query_prompt: str | None = None,
                 document_prompt: str | None = None, sessions: int | None = None) -> None:
        self._documents = Plan(path, prompt=document_prompt, sessions=sessions)
        self._queries = (self._documents if query_prompt == document_prompt
                         else Plan(path, prompt=query_prompt, sessions=sessions))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._documents.encode(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        return self._queries.encode(text).tolist()
