"""The adapters against the packages they are for; each is skipped where its package is not installed."""
import os
import pathlib
import pickle

import numpy as np
import pytest
import taper

PATH = pathlib.Path(os.environ["TAPER_PLANS"]) / "vectors.plan"
TEXTS = ["the quick brown fox", "an answer", "another"]


@pytest.fixture
def vectors():
    with taper.load(PATH) as plan:
        yield plan.encode(TEXTS)


def test_langchain(vectors):
    pytest.importorskip("langchain_core")
    from langchain_core.vectorstores import InMemoryVectorStore
    from taper.langchain import TaperEmbeddings
    store = InMemoryVectorStore(TaperEmbeddings(PATH))
    store.add_texts(TEXTS)
    assert store.similarity_search(TEXTS[1], k=1)[0].page_content == TEXTS[1]
    assert np.array_equal(np.array(TaperEmbeddings(PATH).embed_documents(TEXTS), np.float32), vectors)


def test_llama_index(vectors):
    pytest.importorskip("llama_index.core")
    from llama_index.core import Document, VectorStoreIndex
    from taper.llama_index import TaperEmbedding
    model = TaperEmbedding(plan_path=str(PATH))
    assert np.array_equal(np.array(model.get_text_embedding_batch(TEXTS), np.float32), vectors)
    index = VectorStoreIndex.from_documents([Document(text=text) for text in TEXTS], embed_model=model)
    assert index.as_retriever(similarity_top_k=1).retrieve(TEXTS[2])[0].text == TEXTS[2]


def test_scikit_learn(vectors):
    pytest.importorskip("sklearn")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from taper.sklearn import TaperVectorizer
    pipeline = make_pipeline(TaperVectorizer(PATH), LogisticRegression())
    pipeline.fit(TEXTS, [0, 1, 1])
    assert pipeline.predict(TEXTS).shape == (3,)
    vectorizer = pickle.loads(pickle.dumps(pipeline))[0]
    assert np.array_equal(vectorizer.transform(np.array(TEXTS)), vectors)
    assert len(vectorizer.get_feature_names_out()) == vectors.shape[1]
