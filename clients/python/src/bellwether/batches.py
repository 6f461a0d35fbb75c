"""Cuts checked columns into PredictBatch requests, and sends several of them at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from bellwether.inference.v1.inference_service_pb2 import CategoryColumn, PredictBatchRequest
from bellwether.inference.v1.score_pb2 import ModelSelector

from . import _limits
from .columns import MISSING_CODE, Columns

Answer = TypeVar("Answer")

# Bytes of a request beside its values and texts, for example tags and lengths.
_ROW_OVERHEAD_BYTES = 16
_FIXED_OVERHEAD_BYTES = 1_048_576


@dataclass(frozen=True)
class Batch:
    """Consecutive rows of a frame: first (inclusive) to last (exclusive)."""

    first: int
    last: int


def cut(columns: Columns, max_rows: int) -> Iterator[Batch]:
    """Cuts the rows into batches that are within the limits of rows and of bytes of one request."""
    rows = len(columns.ids)
    # An upper bound: a character has at most 4 bytes, a code at most 5.
    categories = sum(5 + 4 * max(map(len, names), default=0) for names, _ in columns.categories.values())
    row_bytes = 4 * len(columns.number_names) + categories + 4 * max(map(len, columns.ids)) + _ROW_OVERHEAD_BYTES
    budget = _limits.MAX_REQUEST_BYTES - _FIXED_OVERHEAD_BYTES
    step = max(1, min(max_rows, budget // row_bytes))
    if columns.texts is None:
        yield from (Batch(first, min(first + step, rows)) for first in range(0, rows, step))
        return
    first, used = 0, 0
    for row, text in enumerate(columns.texts):
        size = row_bytes + len(text.encode())
        if row - first == step or (used + size > budget and row > first):
            yield Batch(first, row)
            first, used = row, 0
        used += size
    yield Batch(first, rows)


def to_request(columns: Columns, batch: Batch, model: ModelSelector, *, with_contributions: bool) -> PredictBatchRequest:
    """Returns the request for a batch. The numbers are sent as bytes, with the checksums that guard their order."""
    first, last = batch.first, batch.last
    block = np.ascontiguousarray(columns.numbers[:, first:last], dtype="<f4")
    ranks = np.arange(1, last - first + 1, dtype=np.float64)
    request = PredictBatchRequest(
        supplier_ids=columns.ids[first:last],
        feature_names=columns.number_names,
        values=block.tobytes(),
        # A missing value counts as 0.
        values_checksums=np.nan_to_num(block.astype(np.float64), nan=0.0) @ ranks,
        model=model,
        with_contributions=with_contributions,
        contract_texts=None if columns.texts is None else columns.texts[first:last],
    )
    for name, (categories, codes) in columns.categories.items():
        used, indexes = np.unique(codes[first:last], return_inverse=True)
        is_missing = used == MISSING_CODE
        dictionary = [categories[code] for code in used[~is_missing]]
        # The code of a missing category is the largest one, so it is the last of `used`.
        sent = np.where(indexes == len(dictionary), MISSING_CODE, indexes) if is_missing.any() else indexes
        request.categories.append(CategoryColumn(name=name, dictionary=dictionary, codes=sent.astype(np.uint32)))
    return request


def send_all(
    batches: Iterator[Batch], send: Callable[[Batch], Answer], in_flight: int
) -> Iterator[tuple[Batch, Answer]]:
    """Sends the batches, `in_flight` at a time, and yields the answers in order.

    At most twice as many answers are kept. The first error ends it: batches that were not sent yet are not sent.
    """
    with ThreadPoolExecutor(in_flight, thread_name_prefix="bellwether") as pool:
        waiting: deque = deque()
        try:
            for batch in batches:
                waiting.append((batch, pool.submit(send, batch)))
                if len(waiting) >= 2 * in_flight:
                    sent, answer = waiting.popleft()
                    yield sent, _result(sent, answer)
            while waiting:
                sent, answer = waiting.popleft()
                yield sent, _result(sent, answer)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _result(batch: Batch, answer):
    try:
        return answer.result()
    except Exception as error:
        error.add_note(f"The call was for the rows {batch.first} to {batch.last - 1}; rows in its message count from {batch.first}.")
        raise
