"""Plans as Python objects."""
from __future__ import annotations

import ctypes
import os
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Sequence

import numpy as np

from . import errors
from ._library import Answer, Facts, PlanOptions, SessionOptions, Token, check, library, sized

KINDS = ("vector", "classes", "labels", "values", "token_classes", "sparse_vector", "token_vectors")


@dataclass(frozen=True)
class TokenPlace:
    """A token of a text.

    ``text`` is 0 for the text's, 1 for its pair's and -1 for special tokens; ``begin`` and ``end`` are its place there,
    in characters.
    """
    id: int
    type: int
    text: int
    begin: int
    end: int


@dataclass(frozen=True)
class TokenLabel:
    """What a token classifier says of a token: its place, the word at it, the likeliest label and its probability."""
    begin: int
    end: int
    word: str
    label: str
    score: float


@dataclass(frozen=True)
class Ranked:
    """A document of a ranking: its place among those given, and its score."""
    document: int
    score: float


class Plan:
    """A plan in memory, made by ``taper plan``; :func:`taper.load` opens one.

    Its weights are mapped once, however many threads use it. Each call takes a session, which has its own memory and
    one worker, from a pool; calls from several threads run side by side, and so do the texts of one call. Answers do
    not depend on that, bit for bit.

    It is a context manager, and pickles by its path, so that worker processes can take it.
    """

    def __init__(self, path: str | os.PathLike[str], *, sessions: int | None = None, prompt: str | None = None,
                 no_prompt: bool = False, prefault: bool = False, lock: bool = False, strict: bool = False) -> None:
        """
        path: the plan file.
        sessions: the most texts that are answered at the same time; by default one for each CPU of this process.
        prompt, no_prompt: the model's prompt of that name before every text, or none, instead of its default one.
        prefault, lock: whether the weights are read now, or also kept in memory.
        strict: whether a CPU without the instructions of the plan's predictions is refused.

        Raises PlanFileError, PlanUnfitError, ArgumentError.
        """
        self.path = os.fspath(path)
        self._options = dict(sessions=sessions, prompt=prompt, no_prompt=no_prompt, prefault=prefault, lock=lock,
                             strict=strict)
        self._plan = ctypes.c_void_p()
        self._idle: queue.SimpleQueue = queue.SimpleQueue()
        self._guard = threading.Lock()
        if sessions is not None and sessions < 1:
            raise errors.ArgumentError(f"sessions: expected 1 or more; found {sessions}")
        self._most = sessions or len(os.sched_getaffinity(0))
        self._room = threading.BoundedSemaphore(self._most)
        check(library.taper_plan_open(
            os.fsencode(self.path), ctypes.byref(sized(PlanOptions, prefault=prefault, lock=lock, strict=strict)),
            ctypes.byref(self._plan)))
        facts = sized(Facts)
        check(library.taper_plan_read_facts(self._plan, ctypes.byref(facts)))
        #: What an answer is: one of "vector", "classes", "labels", "values", "token_classes", "sparse_vector".
        self.kind: str = KINDS[facts.kind]
        #: Numbers of an answer, or of each token's.
        self.width: int = facts.width
        #: Tokens of the longest text, special tokens included; longer texts are truncated.
        self.maximum_tokens: int = facts.maximum_tokens
        #: Whether a vector's length is one.
        self.is_normalized: bool = bool(facts.is_normalized)
        #: The model's name.
        self.model: str = facts.model.decode()
        #: Names of classes, in order; empty for vectors and values.
        self.labels: list[str] = []
        while (label := library.taper_plan_label(self._plan, len(self.labels))) is not None:
            self.labels.append(label.decode())
        try:
            self._give_back(self._take())  # what cannot run is refused here
        except errors.TaperError:
            self.close()
            raise

    # MARK: Answers

    def encode(self, sentences: str | Sequence[str], *, batch_size: int = 32, show_progress_bar: bool = False,
               normalize_embeddings: bool = False) -> np.ndarray:
        """Vectors of texts, as sentence-transformers' ``encode``: float32, [width] for one text, else [n, width].

        batch_size: texts between two steps of the progress bar. normalize_embeddings: to length one, where the model
        does not do so itself. Raises InputError, ResultError; ArgumentError for a plan of another kind.
        """
        self._require("encode", "vector", "sparse_vector")
        vectors = self._numbers(sentences, batch_size, show_progress_bar)
        if normalize_embeddings and not self.is_normalized:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
        return vectors

    def predict(self, texts, *, batch_size: int = 32, show_progress_bar: bool = False) -> np.ndarray:
        """Scores of texts or of pairs (tuples or lists of two): float32 of shape [width] for one, else [n, width].

        Of classes they are probabilities in the order of :attr:`labels`; of a model with one value, a reranker, the
        last axis is left out. Raises InputError, ResultError; ArgumentError for a plan of another kind.
        """
        self._require("predict", "classes", "labels", "values")
        scores = self._numbers(texts, batch_size, show_progress_bar)
        return scores[..., 0] if self.kind == "values" and self.width == 1 else scores

    def classify(self, texts: str | Sequence[str]) -> str | list[str]:
        """The likeliest class of a text, or of each text."""
        self._require("classify", "classes")
        best = np.argmax(self.predict(texts), axis=-1)
        return self.labels[best] if best.ndim == 0 else [self.labels[i] for i in best]

    def rerank(self, query: str, documents: Sequence[str], *, top_k: int | None = None) -> list[Ranked]:
        """Documents by how well they answer the query, best first; of equal ones the first comes first."""
        if self.width != 1:
            raise errors.ArgumentError(
                f"rerank: expected a plan with one value a pair; found {self.width} ({self.kind})")
        scores = self.predict([(query, document) for document in documents]) if documents else []
        order = sorted(range(len(documents)), key=lambda i: (-scores[i], i))
        return [Ranked(i, float(scores[i])) for i in order[:top_k]]

    def token_labels(self, text: str) -> list[TokenLabel]:
        """The likeliest label of every token of a text, special tokens left out. Begin and end are characters of it."""
        self._require("token_labels", "token_classes")
        session = self._take()
        try:
            answer = sized(Answer)
            scores = np.empty(self.width * self.maximum_tokens, np.float32)
            self._run(session, text, scores, answer)
            tokens = self._tokens(lambda *room: library.taper_last_tokens(session, *room))
        finally:
            self._give_back(session)
        rows = scores[:answer.count].reshape(-1, self.width)
        found = []
        for token, row in zip(tokens, rows):
            if token.text == 0:
                best = int(np.argmax(row))
                found.append(TokenLabel(token.begin, token.end, text[token.begin:token.end], self.labels[best],
                                        float(row[best])))
        return found

    def tokenize(self, text: str, pair: str | None = None) -> list[TokenPlace]:
        """The tokens of a text, or of a text and its pair, as the plan would run them, prompt included."""
        data, other = text.encode(), None if pair is None else pair.encode()
        session = self._take()
        try:
            return self._tokens(lambda *room: library.taper_tokenize(
                session, data, len(data), other, len(other or b""), *room))
        finally:
            self._give_back(session)

    def predicted_time(self, tokens: int) -> float:
        """Seconds that a text of so many tokens was predicted to take on the machine the plan was made for."""
        nanoseconds = ctypes.c_uint64()
        with self._guard:
            check(library.taper_plan_predict(self._opened(), tokens, ctypes.byref(nanoseconds)))
        return nanoseconds.value * 1e-9

    def verify(self) -> None:
        """Reads every weight, and runs the plan's canary examples. Raises PlanFileError, CanaryError."""
        with self._guard:
            check(library.taper_plan_verify(self._opened()))
        session = self._take()
        try:
            check(library.taper_session_check(session))
        finally:
            self._give_back(session)

    # MARK: Life

    def close(self) -> None:
        """Gives the plan's memory back. Calls that still run keep theirs to their end."""
        with self._guard:
            library.taper_plan_close(ctypes.byref(self._plan))
            while not self._idle.empty():
                session = self._idle.get()
                library.taper_session_close(ctypes.byref(session))

    @property
    def is_closed(self) -> bool:
        return not self._plan

    def __enter__(self) -> Plan:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_guard"):
            self.close()

    def __reduce__(self):
        return _load, (os.path.abspath(self.path), self._options)

    def __repr__(self) -> str:
        state = "closed" if self.is_closed else f"{self.kind} of {self.width}, at most {self.maximum_tokens} tokens"
        return f"<taper.Plan {self.path}: {state}>"

    # MARK: Sessions

    def _opened(self) -> ctypes.c_void_p:
        if not self._plan:
            raise errors.ArgumentError(f"{self.path}: expected an open plan; found a closed one")
        return self._plan

    def _take(self) -> ctypes.c_void_p:
        """A session that no other thread has; waits where as many are at work as there may be."""
        self._room.acquire()
        try:
            with self._guard:
                plan = self._opened()
                if not self._idle.empty():
                    return self._idle.get()
                session = ctypes.c_void_p()
                prompt = self._options["prompt"]
                options = sized(SessionOptions, threads=1, prompt=None if prompt is None else prompt.encode(),
                                no_prompt=self._options["no_prompt"])
                check(library.taper_session_open(plan, ctypes.byref(options), ctypes.byref(session)))
                return session
        except BaseException:
            self._room.release()
            raise

    def _give_back(self, session: ctypes.c_void_p) -> None:
        with self._guard:
            if self._plan:
                self._idle.put(session)
            else:
                library.taper_session_close(ctypes.byref(session))
        self._room.release()

    # MARK: Calls

    def _require(self, name: str, *kinds: str) -> None:
        self._opened()
        if self.kind not in kinds:
            raise errors.ArgumentError(f"{name}: expected a plan of {' or '.join(kinds)}; found one of {self.kind}")

    def _run(self, session: ctypes.c_void_p, text, result: np.ndarray, answer: Answer | None = None) -> None:
        """The answer to a text or a pair into a row of float32."""
        if isinstance(text, str):
            first, second = text, None
        else:
            try:
                first, second = text
            except (TypeError, ValueError):
                raise TypeError(f"expected a text or a pair of texts; found {type(text).__name__}") from None
        if not isinstance(first, str) or not (second is None or isinstance(second, str)):
            raise TypeError(f"expected a text or a pair of texts; found {type(first).__name__}")
        try:
            data, other = first.encode(), None if second is None else second.encode()
        except UnicodeEncodeError as error:
            raise errors.InputError(f"text: expected Unicode; found a lone surrogate at {error.start}") from None
        check(library.taper_run(session, data, len(data), other, len(other or b""), result.ctypes.data, result.size,
                                None if answer is None else ctypes.byref(answer)))

    def _numbers(self, texts, batch_size: int, shows_progress: bool) -> np.ndarray:
        """One row for a text, or rows for texts."""
        is_pair = isinstance(texts, tuple) and len(texts) == 2 and all(isinstance(text, str) for text in texts)
        if isinstance(texts, str) or is_pair:
            row = np.empty(self.width, np.float32)
            session = self._take()
            try:
                self._run(session, texts, row)
            finally:
                self._give_back(session)
            return row
        if batch_size < 1:
            raise errors.ArgumentError(f"batch_size: expected 1 or more; found {batch_size}")
        texts = list(texts)
        rows = np.empty((len(texts), self.width), np.float32)

        def answer(first: int) -> None:
            session = self._take()
            try:
                for i in range(first, min(first + batch_size, len(texts))):
                    try:
                        self._run(session, texts[i], rows[i])
                    except errors.TaperError as error:
                        raise type(error)(f"text {i}: {error}") from None
            finally:
                self._give_back(session)

        with _Progress(len(texts), batch_size, shows_progress) as progress:
            if len(texts) <= batch_size or self._most == 1:
                for first in range(0, len(texts), batch_size):
                    answer(first)
                    progress()
            else:
                with ThreadPoolExecutor(self._most) as pool:
                    try:
                        for _ in pool.map(answer, range(0, len(texts), batch_size)):
                            progress()
                    except BaseException:
                        pool.shutdown(cancel_futures=True)
                        raise
        return rows

    def _tokens(self, call) -> list[TokenPlace]:
        count = ctypes.c_size_t()
        room = (Token * self.maximum_tokens)()
        check(call(room, self.maximum_tokens, ctypes.byref(count)))
        return [TokenPlace(t.id, t.type, t.text, t.begin, t.end) for t in room[:count.value]]


class _Progress:
    """tqdm's bar where it is installed and asked for, else nothing."""

    def __init__(self, total: int, step: int, is_shown: bool) -> None:
        self._bar, self._left, self._step = None, total, step
        if is_shown:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                return
            self._bar = tqdm(total=total, desc="Texts", unit="text")

    def __call__(self) -> None:
        if self._bar is not None:
            self._bar.update(min(self._step, self._left))
        self._left -= self._step

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


def _load(path: str, options: dict) -> Plan:
    return Plan(path, **options)
