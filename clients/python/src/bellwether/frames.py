"""pandas and polars behind one interface. Neither is imported unless the caller passes a frame of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

import numpy as np

from .errors import FrameError, Violation


class Frame(Protocol):
    """A table whose columns are read one by one.

    Attributes:
        rows: Number of rows.
        names: Names of the columns, in order. A pandas frame can have names that are not texts, and a name twice.
        to_numbers: How a column is converted to numbers in this library, for messages.
        to_texts: How a column is converted to texts.
    """

    rows: int
    names: Sequence[Any]
    to_numbers: str
    to_texts: str

    def dtype(self, name: str) -> str:
        """Returns the type of a column, as the library writes it."""

    def is_categorical(self, name: str) -> bool: ...

    def numbers(self, name: str) -> np.ndarray | None:
        """Returns the float64 values of a column of numbers, NaN for a missing value; None: the column has another type."""

    def objects(self, name: str) -> list[Any]:
        """Returns the values of any column as Python objects, None for a missing value."""

    def place(self, row: int) -> str:
        """Returns how a person finds a row, for example `row 17 (index "x")`."""

    def hint(self, name: str) -> str:
        """Returns where a column is that the frame lacks, as a part of a message; empty: nowhere."""

    def like(self, columns: Mapping[str, Any], rows: Sequence[int] | None = None) -> Any:
        """Returns a new frame of the same library.

        Args:
            columns: Values by name.
            rows: Positions of the rows of this frame that the values belong to. None: all rows, in order.
        """

    def matrix(self, ids: Sequence[str], names: Sequence[str], values: np.ndarray) -> Any:
        """Returns a new frame with the column supplier_id and one column per name, from float32 rows × names."""


def open_frame(frame: Any, id_column: str) -> Frame:
    """Returns the frame behind the interface.

    Raises:
        TypeError: It is not a DataFrame of pandas or polars.
        FrameError: Its columns or its index are not usable.
    """
    library = type(frame).__module__.split(".")[0]
    kind = type(frame).__name__
    if library == "pandas" and kind == "DataFrame":
        return PandasFrame(frame, id_column)
    if library == "polars" and kind == "DataFrame":
        return PolarsFrame(frame)
    if library == "polars" and kind == "LazyFrame":
        raise TypeError("expected a DataFrame, got a LazyFrame of polars: call .collect() first")
    if kind == "DataFrame" and hasattr(frame, "columns"):
        # A subclass of a pandas DataFrame, for example a GeoDataFrame.
        import pandas

        if isinstance(frame, pandas.DataFrame):
            return PandasFrame(frame, id_column)
    raise TypeError(f"expected a DataFrame of pandas or polars, got {library}.{kind}")


def _shown(label: Any) -> str:
    """Returns a label of an index as a person writes it: numpy's own numbers show their type."""
    return repr(label.item() if isinstance(label, np.generic) else label)


def _is_missing(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_nan()
    return value is None or type(value).__name__ in ("NAType", "NaTType") or isinstance(value, float) and value != value


class PandasFrame:
    to_numbers = ".astype(float)"
    to_texts = ".astype(str)"

    def __init__(self, frame: Any, id_column: str):
        import pandas

        self._pandas = pandas
        if frame.columns.nlevels > 1:
            raise FrameError([Violation(None, None, "the columns have several levels; give each column one name")])
        self._index = frame.index
        self._check_index()
        if id_column not in frame.columns and frame.index.name == id_column:
            frame = frame.assign(**{id_column: frame.index})
        self._frame = frame
        self.rows = len(frame)
        self.names = list(frame.columns)

    def _check_index(self) -> None:
        duplicated = self._index.duplicated()
        if not duplicated.any():
            return
        row = int(duplicated.argmax())
        label = self._index[row]
        first = next(i for i, other in enumerate(self._index) if other == label or (other != other and label != label))
        message = (
            f"the index is not unique: {_shown(label)} is the label of rows {first} and {row}; "
            "call .reset_index(drop=True) first"
        )
        raise FrameError([Violation(None, row, message)])

    def dtype(self, name: str) -> str:
        return str(self._frame[name].dtype)

    def is_categorical(self, name: str) -> bool:
        return isinstance(self._frame[name].dtype, self._pandas.CategoricalDtype)

    def numbers(self, name: str) -> np.ndarray | None:
        series = self._frame[name]
        types = self._pandas.api.types
        plain = types.is_numeric_dtype(series.dtype) and not types.is_bool_dtype(series.dtype)
        if self.is_categorical(name) or not plain or types.is_complex_dtype(series.dtype):
            return None
        return series.to_numpy(dtype="float64", na_value=np.nan)

    def objects(self, name: str) -> list[Any]:
        series = self._frame[name]
        try:
            if not series.hasnans:
                return series.tolist()
            return [None if missing else value for value, missing in zip(series.tolist(), series.isna().tolist())]
        except InvalidOperation:
            # pandas compares a signaling NaN of Decimal, which is an error.
            return [None if _is_missing(value) else value for value in series.tolist()]

    def place(self, row: int) -> str:
        is_position = isinstance(self._index, self._pandas.RangeIndex) and self._index[row] == row
        return f"row {row}" if is_position else f"row {row} (index {_shown(self._index[row])})"

    def hint(self, name: str) -> str:
        is_level = name in self._index.names
        return "; it is a level of the index: call .reset_index() first" if is_level else ""

    def like(self, columns: Mapping[str, Any], rows: Sequence[int] | None = None) -> Any:
        index = self._index if rows is None else self._index[np.asarray(rows, dtype=np.intp)]
        return self._pandas.DataFrame(dict(columns), index=index, copy=False)

    def matrix(self, ids: Sequence[str], names: Sequence[str], values: np.ndarray) -> Any:
        frame = self._pandas.DataFrame(values, columns=list(names), index=self._index, copy=False)
        frame.insert(0, "supplier_id", list(ids))
        return frame


class PolarsFrame:
    to_numbers = ".cast(pl.Float64)"
    to_texts = ".cast(pl.String)"

    def __init__(self, frame: Any):
        import polars

        self._polars = polars
        self._frame = frame
        self.rows = frame.height
        self.names = frame.columns

    def dtype(self, name: str) -> str:
        return str(self._frame.schema[name])

    def is_categorical(self, name: str) -> bool:
        return self._frame.schema[name] in (self._polars.Categorical, self._polars.Enum)

    def numbers(self, name: str) -> np.ndarray | None:
        if not self._frame.schema[name].is_numeric():
            return None
        return self._frame[name].cast(self._polars.Float64).to_numpy()

    def objects(self, name: str) -> list[Any]:
        return self._frame[name].to_list()

    def place(self, row: int) -> str:
        return f"row {row}"

    def hint(self, name: str) -> str:
        return ""

    def like(self, columns: Mapping[str, Any], rows: Sequence[int] | None = None) -> Any:
        # polars distinguishes NaN from null, which is its missing value.
        return self._polars.DataFrame(dict(columns)).with_columns(self._polars.selectors.float().fill_nan(None))

    def matrix(self, ids: Sequence[str], names: Sequence[str], values: np.ndarray) -> Any:
        frame = self._polars.DataFrame(values, schema=list(names), orient="row")
        frame = frame.with_columns(self._polars.selectors.float().fill_nan(None))
        return frame.insert_column(0, self._polars.Series("supplier_id", list(ids)))
