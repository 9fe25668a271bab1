"""Vectors for LlamaIndex: ``TaperEmbedding(plan_path="dense.plan")`` as ``embed_model`` (needs llama-index-core)."""
from __future__ import annotations

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr

from ._plan import Plan


class TaperEmbedding(BaseEmbedding):
    """LlamaIndex's ``BaseEmbedding`` over a plan of vectors.

    query_prompt, text_prompt: names of the model's prompts, where it has some; None: its default one.
    """

    plan_path: str
    query_prompt: str | None = None
    text_prompt: str | None = None
    _texts: Plan = PrivateAttr()
    _queries: Plan = PrivateAttr()

    def model_post_init(self, context) -> None:
        super().model_post_init(context)
        self._texts = Plan(self.plan_path, prompt=self.text_prompt)
        self._queries = (self._texts if self.query_prompt == self.text_prompt
                         else Plan(self.plan_path, prompt=self.query_prompt))
        self.model_name = self._texts.model

    @classmethod
    def class_name(cls) -> str:
        return "TaperEmbedding"

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._texts.encode(text).tolist()

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._texts.encode(texts).tolist()

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._queries.encode(query).tolist()

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)
