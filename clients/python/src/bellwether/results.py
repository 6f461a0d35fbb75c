"""What a frame of suppliers is answered with."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bellwether.inference.v1.inference_service_pb2 import PredictBatchResponse, RowViolation
from bellwether.inference.v1.score_pb2 import Band, ExplanationKind, ModelIdentity, OutputSpace, WarningCode

from .batches import Batch
from .columns import Columns, listed
from .errors import ModelChangedError, NotExplainableError
from .frames import Frame


class ScoreWarning(UserWarning):
    """Something about the scores that the caller should know; the scores are valid."""


@dataclass(frozen=True)
class BatchWarning:
    """A warning about the rows `first_row` to `last_row` of the frame.

    Attributes:
        code: For example "UNKNOWN_CATEGORY".
        feature: Name of the feature; empty: all.
        message: The warning in one sentence.
    """

    code: str
    feature: str
    message: str
    first_row: int
    last_row: int


@dataclass(frozen=True)
class Scores:
    """The scores of a frame, in the order and with the index of its rows.

    Attributes:
        frame: One row per supplier: supplier_id; risk_score, the calibrated probability in [0, 1]; band, "low",
            "medium", "high" or "unknown" (too few features have a value); margin, the output of the model before
            calibration; missing_count, the number of features without a value. A row with a violation has no band and
            no score (NaN in pandas, null in polars).
        violations: One row per violation of a row: row (position from 0), supplier_id, reason, field, message.
        warnings: Warnings of the service about batches of rows.
        model: The model version that computed all scores.
        ignored: Columns of the frame that were not sent.
        missing: Features of the model that the frame does not have.
    """

    frame: Any
    violations: Any
    warnings: tuple[BatchWarning, ...]
    model: ModelIdentity
    ignored: tuple[str, ...]
    missing: tuple[str, ...]

    def __repr__(self) -> str:
        return f"{type(self).__name__} by {self.model.name} {self.model.version}\n{self.frame!r}"

    def _repr_html_(self) -> str:
        html = getattr(self.frame, "_repr_html_", None)
        return html() if html else f"<pre>{self!r}</pre>"


@dataclass(frozen=True, repr=False)
class Explanation(Scores):
    """Scores with contributions. base_value and the contributions of a row add up to its margin.

    Attributes:
        contributions: supplier_id, and one column of float32 per column of the model. NaN in a row without a score.
        base_value: The model's expected output, in `space`.
        kind: How the contributions were computed, for example "INTERVENTIONAL".
        space: The scale of margins, base_value and contributions, for example "MARGIN".
        background: In words: the data whose expected output is base_value.
    """

    contributions: Any
    base_value: float
    kind: str
    space: str
    background: str
    _values: np.ndarray
    _names: tuple[str, ...]
    _ids: tuple[str, ...]
    _frame: Frame

    def top(self, k: int = 5) -> Any:
        """Returns the k largest contributions of each supplier as rows: row, supplier_id, rank (from 1), column, contribution."""
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
            raise ValueError(f"k: expected a whole number of at least 1, got {k!r}")
        scored = np.flatnonzero(~np.isnan(self._values).any(axis=1))
        values = self._values[scored]
        order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :k]
        ranks = order.shape[1]
        rows = np.repeat(scored, ranks)
        names = np.asarray(self._names, dtype=object)
        return self._frame.like(
            {
                "row": rows,
                "supplier_id": [self._ids[row] for row in rows],
                "rank": np.tile(np.arange(1, ranks + 1), len(scored)),
                "column": names[order].ravel().tolist(),
                "contribution": np.take_along_axis(values, order, axis=1).ravel(),
            },
            rows,
        )


class Collector:
    """Puts the answers of the batches together."""

    def __init__(self, frame: Frame, columns: Columns, *, with_contributions: bool):
        rows = frame.rows
        self._frame = frame
        self._columns = columns
        self._explain = with_contributions
        self._risk = np.empty(rows, np.float64)
        self._margin = np.empty(rows, np.float64)
        self._bands = np.empty(rows, np.uint8)
        self._missing = np.empty(rows, np.uint16)
        self._contributions: np.ndarray | None = None
        self._violations: list[tuple[int, RowViolation]] = []
        self._warnings: list[BatchWarning] = []
        self._first: PredictBatchResponse | None = None

    def add(self, batch: Batch, answer: PredictBatchResponse) -> None:
        """Adds the answer for a batch.

        Raises:
            ModelChangedError, NotExplainableError
        """
        first = self._first if self._first is not None else answer
        if self._first is None:
            self._begin(answer)
        if _identity(answer) != _identity(first) or answer.column_names != first.column_names:
            before, now = first.model, answer.model
            raise ModelChangedError(
                f"the rows up to {batch.first - 1} were scored by {before.name} {before.version} (model "
                f"{before.model_digest[:12]}), the next ones by {now.name} {now.version} ({now.model_digest[:12]}); "
                "score the frame again, or name a version"
            )
        rows = slice(batch.first, batch.last)
        count = batch.last - batch.first
        self._risk[rows] = np.frombuffer(answer.risk_scores, "<f8", count)
        self._margin[rows] = np.frombuffer(answer.margins, "<f8", count)
        self._bands[rows] = np.frombuffer(answer.bands, np.uint8, count)
        self._missing[rows] = np.frombuffer(answer.missing_counts, "<u2", count)
        if self._contributions is not None:
            width = len(answer.column_names)
            block = np.frombuffer(answer.contributions, "<f4", count * width).reshape(count, width)
            self._contributions[rows] = block
            self._contributions[rows][np.isnan(self._margin[rows])] = np.nan
        self._violations += [(batch.first + violation.row, violation) for violation in answer.violations]
        self._warnings += [
            BatchWarning(
                _name(WarningCode, warning.code, "WARNING_CODE_"),
                warning.feature,
                warning.message,
                batch.first,
                batch.last - 1,
            )
            for warning in answer.warnings
        ]

    def _begin(self, answer: PredictBatchResponse) -> None:
        self._first = answer
        if not self._explain:
            return
        if answer.explanation_kind == ExplanationKind.EXPLANATION_KIND_NONE:
            raise NotExplainableError(answer.background)
        self._contributions = np.empty((self._frame.rows, len(answer.column_names)), np.float32)

    def finish(self) -> Scores:
        """Returns the result, and warns about rows without a score and about the warnings of the service."""
        first, columns, frame = self._first, self._columns, self._frame
        assert first is not None
        names = {number: _name(Band, number, "BAND_").lower() for number in Band.values()} | {0: None}
        scores = {
            "supplier_id": columns.ids,
            "risk_score": self._risk,
            "band": [names.get(number, str(number)) for number in self._bands.tolist()],
            "margin": self._margin,
            "missing_count": self._missing,
        }
        rows = [row for row, _ in self._violations]
        violations = {
            "row": rows,
            "supplier_id": [columns.ids[row] for row in rows],
            "reason": [violation.reason for _, violation in self._violations],
            "field": [violation.field for _, violation in self._violations],
            "message": [violation.message for _, violation in self._violations],
        }
        self._warn()
        found = {
            "frame": frame.like(scores),
            "violations": frame.like(violations, rows),
            "warnings": tuple(self._warnings),
            "model": first.model,
            "ignored": columns.ignored,
            "missing": columns.missing,
        }
        if self._contributions is None:
            return Scores(**found)
        column_names = tuple(first.column_names)
        return Explanation(
            **found,
            contributions=frame.matrix(columns.ids, column_names, self._contributions),
            base_value=first.base_value,
            kind=_name(ExplanationKind, first.explanation_kind, "EXPLANATION_KIND_"),
            space=_name(OutputSpace, first.output_space, "OUTPUT_SPACE_"),
            background=first.background,
            _values=self._contributions,
            _names=column_names,
            _ids=tuple(columns.ids),
            _frame=frame,
        )

    def _warn(self) -> None:
        for column, feature in self._columns.doubtful:
            warnings.warn(
                f"column {column!r} is not sent, and the frame has no column {feature!r}, a feature of the model: rename "
                "the column if it is meant",
                ScoreWarning,
                stacklevel=5,
            )
        self._warn_of_unknown()
        if self._violations:
            row, violation = self._violations[0]
            count = len({row for row, _ in self._violations})
            warnings.warn(
                f"{count} of {self._frame.rows} rows {'has' if count == 1 else 'have'} no score (see .violations); the "
                f"first: {self._frame.place(row)}, supplier {self._columns.ids[row]!r}: {violation.message}",
                ScoreWarning,
                stacklevel=5,
            )
        subjects: dict[tuple[str, str], list[BatchWarning]] = {}
        for warning in self._warnings:
            subjects.setdefault((warning.code, warning.feature), []).append(warning)
        for (code, _), found in subjects.items():
            more = f" ({len(found) - 1} more in .warnings)" if len(found) > 1 else ""
            where = f"rows {found[0].first_row} to {found[0].last_row}"
            warnings.warn(f"{code}, {where}: {found[0].message}{more}", ScoreWarning, stacklevel=5)

    def _warn_of_unknown(self) -> None:
        """Warns once about all rows with too few features for a score."""
        rows = np.flatnonzero(self._bands == Band.BAND_UNKNOWN)
        if len(rows) == 0:
            return
        everywhere, somewhere = self._columns.without_values(rows)
        all_of_them = "all of them" if len(rows) > 1 else "it"
        names = [
            f"without a value in {where}: {listed(found)}"
            for where, found in ((all_of_them, everywhere), ("some of them", somewhere))
            if found
        ]
        first = int(rows[0])
        warnings.warn(
            f"{len(rows)} of {self._frame.rows} rows {'has' if len(rows) == 1 else 'have'} no score and the band "
            f"'unknown', because too few features have a value; the first: {self._frame.place(first)}, supplier "
            f"{self._columns.ids[first]!r} ({int(self._missing[first])} features without a value); {'; '.join(names)}",
            ScoreWarning,
            stacklevel=6,
        )


def _identity(answer: PredictBatchResponse) -> Sequence[str]:
    model = answer.model
    return (model.name, model.version, model.model_digest, model.bundle_digest)


def _name(enum: Any, number: int, prefix: str) -> str:
    """Returns the name of an enum value without its prefix; the number when this client does not know the value."""
    value = enum.DESCRIPTOR.values_by_number.get(number)
    return str(number) if value is None else value.name.removeprefix(prefix)
