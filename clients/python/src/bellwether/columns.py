"""Reads the features of a model from a frame, and reports everything that is wrong with them before a row is sent."""

from __future__ import annotations

import difflib
import numbers
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import numpy as np

from bellwether.registry.v1.model_registry_service_pb2 import FeatureKind, ModelFeature

from . import _limits
from .errors import FrameError, Violation
from .frames import Frame

Names = Collection[str] | Literal["all"]

# Number of names that one message lists.
_LISTED = 20

# Code of a missing category in CategoryColumn.codes.
MISSING_CODE = 0xFFFF_FFFF


@dataclass
class Columns:
    """The checked columns of a frame.

    Attributes:
        ids: Ids of the suppliers, one per row; no id twice.
        number_names: Names of the numeric features, in the order of `numbers`.
        numbers: float32, features × rows; NaN: missing.
        categories: By feature: distinct categories, and per row an index into them (MISSING_CODE: missing), uint32.
        texts: Contract texts, one per row, empty: none; None when the frame has no texts.
        ignored: Columns of the frame that were not sent.
        missing: Features of the model that the frame does not have.
        text_name: The contract text among the features of the model; None: it has none.
        doubtful: Pairs of an ignored column and a feature of a similar name that the frame does not have.
    """

    ids: list[str]
    number_names: list[str] = field(default_factory=list)
    numbers: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.float32))
    categories: dict[str, tuple[list[str], np.ndarray]] = field(default_factory=dict)
    texts: list[str] | None = None
    ignored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    text_name: str | None = None
    doubtful: tuple[tuple[str, str], ...] = ()

    def without_values(self, rows: np.ndarray) -> tuple[list[str], list[str]]:
        """Returns the features, without the text, that have no value in all of these rows, and in some of them."""
        everywhere = [name for name in self.missing if name != self.text_name]
        somewhere = []
        found = [(name, np.isnan(self.numbers[i, rows])) for i, name in enumerate(self.number_names)]
        found += [(name, codes[rows] == MISSING_CODE) for name, (_, codes) in self.categories.items()]
        for name, lacks in found:
            if lacks.all():
                everywhere.append(name)
            elif lacks.any():
                somewhere.append(name)
        return everywhere, somewhere


def read_columns(
    frame: Frame, features: Sequence[ModelFeature], *, id_column: str, missing: Names, ignore: Names
) -> Columns:
    """Reads ids and features from the frame.

    Raises:
        FrameError: with one violation per invalid column; features that the frame lacks share one, and so do columns
            that are no features, unless a similar name is known.
    """
    if frame.rows == 0:
        raise FrameError([Violation(None, None, "the frame has no rows")])
    reader = _Reader(frame, id_column)
    present, lacking, ignored = reader.choose(features, missing, ignore)
    texts = (feature.name for feature in features if feature.kind == FeatureKind.FEATURE_KIND_TEXT)
    columns = Columns(
        ids=reader.ids(),
        ignored=ignored,
        missing=lacking,
        text_name=next(texts, None),
        doubtful=tuple(_similar(ignored, lacking).items()),
    )
    numbers_read = []
    for feature in present:
        if feature.kind == FeatureKind.FEATURE_KIND_CATEGORY:
            columns.categories[feature.name] = reader.categories(feature.name)
        elif feature.kind == FeatureKind.FEATURE_KIND_TEXT:
            columns.texts = reader.contract_texts(feature.name)
        else:
            columns.number_names.append(feature.name)
            numbers_read.append(reader.numbers(feature.name))
    if reader.violations:
        raise FrameError(reader.violations)
    columns.numbers = np.stack(numbers_read) if numbers_read else np.empty((0, frame.rows), np.float32)
    return columns


class _Reader:
    def __init__(self, frame: Frame, id_column: str):
        self.violations: list[Violation] = []
        self._frame = frame
        self._id_column = id_column
        self._ids: list[Any] = []

    def report(self, column: str | None, row: int | None, text: str) -> None:
        where = "" if column is None else f"column {column!r}"
        if row is not None:
            where += f", {self._frame.place(row)}"
            known = self._ids[row] if row < len(self._ids) and column != self._id_column else None
            where += f", supplier {known!r}" if known else ""
        self.violations.append(Violation(column, row, f"{where}: {text}" if where else text))

    def choose(
        self, features: Sequence[ModelFeature], missing: Names, ignore: Names
    ) -> tuple[list[ModelFeature], tuple[str, ...], tuple[str, ...]]:
        """Returns the features that the frame has, the names of those that it lacks, and the columns that are not sent."""
        names = self._frame.names
        known = [feature.name for feature in features]
        seen: set[Any] = set()
        for name in names:
            if name in seen:
                self.report(str(name), None, "the frame has two columns of this name")
            seen.add(name)
        if self.violations:
            raise FrameError(self.violations)
        if self._id_column not in seen:
            near = self._frame.hint(self._id_column) or _nearest(self._id_column, names)
            self.report(
                self._id_column,
                None,
                "the frame has no column with the ids of the suppliers"
                + (near if self._frame.hint(self._id_column) else f"{near}; name it with id=, for example id='vendor'"),
            )
        extra = [name for name in names if name != self._id_column and name not in known]
        lacking = [name for name in known if name not in seen]
        unused = [name for name in extra if ignore != "all" and name not in ignore]
        lost = [name for name in lacking if missing != "all" and name not in missing]
        # A column with a misspelled name is one violation, not also a feature that the frame lacks.
        meant = _similar(unused, lacking)
        self._report_unused(unused, meant)
        self._report_lost([name for name in lost if name not in meant.values()], extra, len(known))
        self._check_named("missing", missing, lacking, "the frame has this column, or it is not a feature of the model")
        self._check_named("ignore", ignore, extra, "the frame has no such column, or it is a feature of the model")
        if self._id_column not in seen:
            raise FrameError(self.violations)
        present = [feature for feature in features if feature.name in seen]
        return present, tuple(lacking), tuple(map(str, extra))

    def _report_unused(self, names: Sequence[Any], meant: dict[Any, str]) -> None:
        """Reports columns that are no features. meant: for a column, the feature of a similar name that the frame lacks."""
        for name, feature in meant.items():
            text = f"is not a feature of the model; did you mean {feature!r}?"
            self.report(str(name), None, f"{text} Rename it, drop it, or name it in ignore=")
        others = [name for name in names if name not in meant]
        if len(others) == 1:
            self.report(str(others[0]), None, "is not a feature of the model; drop it, or name it in ignore=")
        elif others:
            text = f"{len(others)} columns are not features of the model: {listed(others)}"
            self.report(None, None, f'{text}; drop them, or name them in ignore= ("all": all columns that are no features)')

    def _report_lost(self, names: Sequence[str], extra: Sequence[Any], known: int) -> None:
        """Reports features that the frame lacks: alone where the message says where the values may be."""
        others = []
        for name in names:
            hint, near = self._frame.hint(name), _nearest(name, extra)
            if hint:
                self.report(name, None, f"the frame lacks this feature of the model{hint}")
            elif near or len(names) == 1:
                text = f"the frame lacks this feature of the model{near}"
                self.report(name, None, f"{text}; name it in missing= to send no values")
            else:
                others.append(name)
        if others:
            text = f"the frame lacks {len(others)} of the {known} features of the model: {listed(others)}"
            self.report(None, None, f'{text}; name them in missing= to send no values ("all": all that the frame lacks)')

    def _check_named(self, argument: str, given: Names, possible: Sequence[Any], text: str) -> None:
        if isinstance(given, str):
            if given != "all":
                raise TypeError(f'{argument}: expected a list of names or "all", got the text {given!r}')
            return
        for name in given:
            if name not in possible:
                near = _nearest(name, possible)
                self.report(str(name), None, f"{text}{near or f'; remove it from {argument}='}")

    def ids(self) -> list[str]:
        column = self._id_column
        if self._frame.is_categorical(column) or self._frame.numbers(column) is None:
            values = self._frame.objects(column)
        else:
            self.report(
                column,
                None,
                f"has numbers ({self._frame.dtype(column)}); ids are texts: read the column as text, so that leading "
                f"zeros are kept, or convert it with {self._frame.to_texts}",
            )
            return []
        self._ids = values
        if _are_plain_ids(values):
            return values
        rows: dict[str, int] = {}
        for row, value in enumerate(values):
            reason = _id_violation(value, self._frame.to_texts)
            if reason is None and value in rows:
                first = self._frame.place(rows[value])
                reason = f"the id {_shown(value)} is in {first} too; a frame has one row per supplier"
            if reason is not None:
                self.report(column, row, reason)
                return values
            rows[value] = row
        return values

    def numbers(self, name: str) -> np.ndarray:
        """Returns the values as float32. Reports the first value that is not a number or not finite."""
        if self._frame.is_categorical(name):
            self.report(
                name,
                None,
                f"is categorical, but the feature is a number; convert it with {self._frame.to_numbers} if its "
                "categories are numbers",
            )
            return np.empty(0, np.float32)
        values = self._frame.numbers(name)
        if values is None:
            values = self._numbers_of_objects(name)
        if values is None:
            return np.empty(0, np.float32)
        with np.errstate(over="ignore"):
            narrow = values.astype(np.float32)
        infinite = np.isinf(narrow)
        if infinite.any():
            row = int(infinite.argmax())
            text = (
                "is infinite; use NaN or None for a missing value"
                if np.isinf(values[row])
                else f"{values[row]:g} is beyond the range of float32, in which features are scored"
            )
            self.report(name, row, f"{text}{_more(infinite)}")
        return narrow

    def _numbers_of_objects(self, name: str) -> np.ndarray | None:
        values = self._frame.objects(name)
        read = np.full(len(values), np.nan)
        for row, value in enumerate(values):
            if value is None:
                continue
            # numpy's own scalars are of these types too, except numpy.bool.
            if isinstance(value, (bool, np.bool_)):
                text = f"{value!r} is a boolean, but the feature is a number"
                self.report(name, row, f"{text}; convert the column with {self._frame.to_numbers} if 1 and 0 are meant")
                return None
            if not isinstance(value, (numbers.Real, Decimal)):
                self.report(
                    name,
                    row,
                    f"{_shown(value)} is {_kind(value)}, but the feature is a number; convert the column to numbers "
                    "first, with None for a missing value",
                )
                return None
            try:
                read[row] = float(value)
            except OverflowError:
                read[row] = np.inf
        return read

    def categories(self, name: str) -> tuple[list[str], np.ndarray]:
        """Returns the distinct categories, and per row an index into them."""
        values = self._texts(name, "a category", _limits.MAX_CATEGORY_BYTES)
        # A dict keeps the order of insertion.
        names = [value for value in dict.fromkeys(values) if value is not None]
        index: dict[str | None, int] = {None: MISSING_CODE} | {value: code for code, value in enumerate(names)}
        return names, np.fromiter(map(index.__getitem__, values), np.uint32, len(values))

    def contract_texts(self, name: str) -> list[str]:
        return [value or "" for value in self._texts(name, "a text", _limits.MAX_CONTRACT_TEXT_BYTES)]

    def _texts(self, name: str, what: str, max_bytes: int) -> list[str | None]:
        values = self._frame.objects(name)
        if _are_short_texts(values, max_bytes):
            return values
        for row, value in enumerate(values):
            if value is None:
                continue
            if not isinstance(value, str):
                text = f"{_shown(value)} is {_kind(value)}, but the feature is {what}"
                self.report(name, row, f"{text}; convert the column with {self._frame.to_texts}")
                return []
            reason = _text_violation(value, max_bytes)
            if reason is not None:
                self.report(name, row, reason)
                return []
        return values


def _are_plain_ids(values: Sequence[Any]) -> bool:
    """Whether all values are distinct valid ids of printable ASCII characters; decided without a loop in Python."""
    if set(map(type, values)) != {str}:
        return False
    joined = "".join(values)
    return (
        joined.isascii()
        and joined.isprintable()
        and max(map(len, values)) <= _limits.MAX_SUPPLIER_ID_BYTES
        and all(map(str.strip, values))
        and len(set(values)) == len(values)
    )


def _are_short_texts(values: Sequence[Any], max_bytes: int) -> bool:
    """Whether all values are None or ASCII texts within a limit; decided without a loop in Python."""
    if not set(map(type, values)) <= {str, type(None)}:
        return False
    texts = list(filter(None, dict.fromkeys(values)))
    return all(map(str.isascii, texts)) and max(map(len, texts), default=0) <= max_bytes


def _text_violation(text: str, max_bytes: int) -> str | None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return f"{_shown(text)} is not valid Unicode text (it has a lone surrogate)"
    return None if size <= max_bytes else f"{_shown(text)} has {size} bytes of UTF-8; at most {max_bytes} are allowed"


def _id_violation(value: Any, to_texts: str) -> str | None:
    """Returns why a value cannot be the id of a supplier; the rule is that of the service."""
    if value is None:
        return "has no id; give each supplier one"
    if not isinstance(value, str):
        return f"{_shown(value)} is {_kind(value)}; ids are texts: convert the column with {to_texts}"
    if "\0" in value:
        return f"the id {_shown(value)} has a NUL character; remove it"
    if not any(_is_visible(char) for char in value):
        return f"the id {_shown(value)} has no visible character; give each supplier an id"
    return _text_violation(value, _limits.MAX_SUPPLIER_ID_BYTES)


def _is_visible(char: str) -> bool:
    return not (char.isspace() or unicodedata.category(char) in ("Cf", "Zs", "Zl", "Zp"))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "a text"
    if isinstance(value, (bool, np.bool_)):
        return "a boolean"
    return "a number" if isinstance(value, numbers.Real) else f"of the type {type(value).__name__}"


def _more(invalid: np.ndarray) -> str:
    count = int(invalid.sum()) - 1
    return "" if count == 0 else f" ({count} more {'row' if count == 1 else 'rows'} of the column too)"


def _similar(columns: Iterable[Any], features: Sequence[str]) -> dict[Any, str]:
    """Returns the columns whose names are similar to that of a feature, each with another feature."""
    left = list(features)
    found: dict[Any, str] = {}
    for name in columns:
        for feature in difflib.get_close_matches(str(name), left, 1, 0.7):
            found[name] = feature
            left.remove(feature)
    return found


def listed(names: Sequence[Any]) -> str:
    """Returns the names for a message, at most 20."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(repr(str(name)) for name in names[:_LISTED]) + more


def _nearest(name: Any, candidates: Iterable[Any]) -> str:
    found = difflib.get_close_matches(str(name), [str(candidate) for candidate in candidates], 1, 0.7)
    return f"; did you mean {found[0]!r}?" if found else ""
