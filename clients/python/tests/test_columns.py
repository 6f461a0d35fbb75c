"""What is wrong with a frame is reported with column and row, before anything is sent."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from bellwether import FrameError
from bellwether._limits import MAX_CATEGORY_BYTES, MAX_SUPPLIER_ID_BYTES
from bellwether.columns import MISSING_CODE, read_columns
from bellwether.frames import open_frame
from bellwether.registry.v1.model_registry_service_pb2 import FeatureKind, ModelFeature

FEATURES = [
    ModelFeature(name="late_ratio", kind=FeatureKind.FEATURE_KIND_NUMERIC),
    ModelFeature(name="region", kind=FeatureKind.FEATURE_KIND_CATEGORY),
    ModelFeature(name="contract_text", kind=FeatureKind.FEATURE_KIND_TEXT),
]
VALID = {
    "supplier_id": ["A", "B", "C"],
    "late_ratio": [0.5, 0.25, 1.0],
    "region": ["north", "south", "north"],
    "contract_text": ["", "late", "x"],
}
LIBRARIES = [pd.DataFrame, pl.DataFrame]


def read(frame, **options):
    arguments = {"id_column": "supplier_id", "missing": (), "ignore": (), **options}
    return read_columns(open_frame(frame, arguments["id_column"]), FEATURES, **arguments)


def messages(frame, **options):
    """Returns the messages of the violations of a frame."""
    with pytest.raises(FrameError) as caught:
        read(frame, **options)
    return [violation.message for violation in caught.value.violations]


def with_column(library, name, values, **options):
    if library is pd.DataFrame:
        return pd.DataFrame({**VALID, name: pd.Series(values, **options)})
    return pl.DataFrame({key: column for key, column in VALID.items() if key != name}).with_columns(
        pl.Series(name, values, **options)
    )


@pytest.mark.parametrize("library", LIBRARIES)
class TestValidFrames:
    def test_numbers_categories_and_texts_are_read(self, library):
        columns = read(library(VALID))
        assert columns.ids == ["A", "B", "C"]
        assert columns.number_names == ["late_ratio"]
        assert columns.numbers.dtype == np.float32 and columns.numbers.tolist() == [[0.5, 0.25, 1.0]]
        names, codes = columns.categories["region"]
        assert (names, codes.tolist()) == (["north", "south"], [0, 1, 0])
        assert columns.texts == ["", "late", "x"]

    @pytest.mark.parametrize("name, values", [("late_ratio", [0.5, None, 1.0]), ("region", ["north", None, "north"])])
    def test_none_is_a_missing_value(self, library, name, values):
        columns = read(with_column(library, name, values))
        if name == "late_ratio":
            assert np.isnan(columns.numbers[0, 1])
        else:
            assert columns.categories["region"][1].tolist() == [0, MISSING_CODE, 0]

    def test_a_column_of_missing_values_is_read(self, library):
        frame = with_column(library, "late_ratio", [None, None, None])
        assert np.isnan(read(frame).numbers).all()

    def test_integers_are_numbers(self, library):
        assert read(with_column(library, "late_ratio", [1, 0, 3])).numbers.tolist() == [[1.0, 0.0, 3.0]]

    def test_another_column_can_have_the_ids(self, library):
        frame = library({**VALID, "vendor": ["x", "y", "z"]})
        assert read(frame, id_column="vendor", ignore=["supplier_id"]).ids == ["x", "y", "z"]

    def test_ignored_and_missing_columns_are_listed(self, library):
        frame = library({key: VALID[key] for key in ("supplier_id", "late_ratio")} | {"note": ["", "", ""]})
        columns = read(frame, missing=["region", "contract_text"], ignore=["note"])
        assert (columns.ignored, columns.missing) == (("note",), ("region", "contract_text"))
        assert read(frame, missing="all", ignore="all").missing == ("region", "contract_text")


class TestPandasTypes:
    @pytest.mark.parametrize("dtype", ["Float64", "Int64", "float32", "int8", "UInt16"])
    def test_nullable_and_small_numbers_are_read(self, dtype):
        values = [1, None, 3] if dtype[0].isupper() else [1, 2, 3]
        numbers = read(with_column(pd.DataFrame, "late_ratio", values, dtype=dtype)).numbers[0]
        assert numbers[0] == 1 and (np.isnan(numbers[1]) if values[1] is None else numbers[1] == 2)

    def test_na_in_a_column_of_objects_is_missing(self):
        values = np.array([1.5, pd.NA, np.nan], dtype=object)
        assert np.isnan(read(with_column(pd.DataFrame, "late_ratio", values, dtype=object)).numbers[0, 1:]).all()

    def test_decimals_are_numbers(self):
        values = [decimal.Decimal("0.5"), None, decimal.Decimal("2")]
        numbers = read(with_column(pd.DataFrame, "late_ratio", values, dtype=object)).numbers[0]
        assert numbers[0] == 0.5 and numbers[2] == 2

    def test_a_categorical_column_of_texts_is_a_category(self):
        frame = with_column(pd.DataFrame, "region", ["north", None, "south"], dtype="category")
        assert read(frame).categories["region"] == (["north", "south"], pytest.approx([0, MISSING_CODE, 1]))

    def test_the_index_can_have_the_ids(self):
        assert read(pd.DataFrame(VALID).set_index("supplier_id")).ids == ["A", "B", "C"]

    def test_an_index_that_is_not_unique_is_rejected_with_its_rows(self):
        [message] = messages(pd.DataFrame(VALID, index=["x", "y", "x"]))
        assert message == "the index is not unique: 'x' is the label of rows 0 and 2; call .reset_index(drop=True) first"

    @pytest.mark.parametrize("index, label", [([7, 7, 8], "7"), ([np.nan, np.nan, 1.5], "nan")])
    def test_a_label_is_shown_as_it_is_written(self, index, label):
        [message] = messages(pd.DataFrame(VALID, index=index))
        assert message.startswith(f"the index is not unique: {label} is the label of rows 0 and 1")
        [message] = messages(pd.DataFrame({**VALID, "late_ratio": [0.5, np.inf, 1]}, index=[7, 8, 9]))
        assert message.startswith("column 'late_ratio', row 1 (index 8)")

    def test_columns_in_a_level_of_the_index_are_named_with_the_way_out(self):
        found = messages(pd.DataFrame(VALID).set_index(["supplier_id", "region"]))
        assert [message.split(";")[-1] for message in found] == [" it is a level of the index: call .reset_index() first"] * 2
        assert found[0].startswith("column 'supplier_id'") and found[1].startswith("column 'region'")

    @pytest.mark.parametrize("value", ["sNaN", "NaN"])
    def test_a_decimal_that_is_no_number_is_missing(self, value):
        values = [decimal.Decimal("0.5"), decimal.Decimal(value), None]
        assert np.isnan(read(with_column(pd.DataFrame, "late_ratio", values, dtype=object)).numbers[0, 1:]).all()

    def test_a_decimal_beyond_every_float_is_rejected(self):
        values = [decimal.Decimal("0.5"), decimal.Decimal("1e400"), None]
        assert "row 1, supplier 'B': is infinite" in messages(with_column(pd.DataFrame, "late_ratio", values, dtype=object))[0]

    def test_a_frame_without_columns_names_all_that_it_lacks(self):
        [ids, features] = messages(pd.DataFrame(index=[0, 1]))
        assert ids.startswith("column 'supplier_id': ")
        assert features == (
            "the frame lacks 3 of the 3 features of the model: 'late_ratio', 'region', 'contract_text'; name them in "
            'missing= to send no values ("all": all that the frame lacks)'
        )

    def test_a_row_is_named_with_its_label(self):
        [message] = messages(pd.DataFrame({**VALID, "late_ratio": [0.5, np.inf, 1]}, index=["x", "y", "z"]))
        assert message.startswith("column 'late_ratio', row 1 (index 'y'), supplier 'B': is infinite")

    def test_two_columns_of_one_name_are_rejected(self):
        frame = pd.DataFrame([["A", 0.5, 0.5]], columns=["supplier_id", "late_ratio", "late_ratio"])
        assert messages(frame) == ["column 'late_ratio': the frame has two columns of this name"]

    def test_columns_with_several_levels_are_rejected(self):
        frame = pd.DataFrame(VALID)
        frame.columns = pd.MultiIndex.from_product([["a"], frame.columns])
        assert messages(frame) == ["the columns have several levels; give each column one name"]

    def test_a_column_name_that_is_no_text_is_rejected_unless_ignored(self):
        frame = pd.DataFrame({**VALID, 7: [1, 2, 3]})
        assert messages(frame) == ["column '7': is not a feature of the model; drop it, or name it in ignore="]
        assert read(frame, ignore=[7]).ignored == ("7",)

    def test_a_number_beyond_every_float_is_rejected(self):
        frame = with_column(pd.DataFrame, "late_ratio", [0.5, 10**400, 1], dtype=object)
        assert "row 1, supplier 'B': is infinite" in messages(frame)[0]


class TestPolarsTypes:
    @pytest.mark.parametrize("dtype", [pl.Float32, pl.Int8, pl.UInt64, pl.Decimal(10, 2)])
    def test_all_types_of_numbers_are_read(self, dtype):
        assert read(with_column(pl.DataFrame, "late_ratio", [1, 2, 3], dtype=dtype)).numbers.tolist() == [[1, 2, 3]]

    @pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["north", "south"])])
    def test_a_categorical_column_is_a_category(self, dtype):
        frame = with_column(pl.DataFrame, "region", ["north", None, "south"], dtype=dtype)
        assert read(frame).categories["region"][0] == ["north", "south"]

    def test_a_lazy_frame_is_rejected(self):
        with pytest.raises(TypeError, match="call .collect\\(\\) first"):
            read(pl.DataFrame(VALID).lazy())


@pytest.mark.parametrize("library", LIBRARIES)
class TestInvalidFrames:
    def test_a_frame_without_rows_is_rejected(self, library):
        assert messages(library({name: [] for name in VALID})) == ["the frame has no rows"]

    def test_a_misspelled_column_is_one_violation(self, library):
        frame = library({("late_ration" if name == "late_ratio" else name): values for name, values in VALID.items()})
        expected = [
            "column 'late_ration': is not a feature of the model; did you mean 'late_ratio'? Rename it, drop it, or name it "
            "in ignore="
        ]
        assert messages(frame) == expected
        assert messages(frame, missing="all") == expected

    def test_a_misspelled_column_that_is_ignored_is_named_beside_the_feature(self, library):
        frame = library({("late_ration" if name == "late_ratio" else name): values for name, values in VALID.items()})
        assert messages(frame, ignore="all") == [
            "column 'late_ratio': the frame lacks this feature of the model; did you mean 'late_ration'?; name it in "
            "missing= to send no values"
        ]
        assert read(frame, ignore="all", missing="all").doubtful == (("late_ration", "late_ratio"),)

    def test_features_that_the_frame_lacks_are_one_violation(self, library):
        frame = library({"supplier_id": ["A"], "late_ration": [0.5], "note": ["x"], "city": ["y"]})
        assert messages(frame) == [
            "column 'late_ration': is not a feature of the model; did you mean 'late_ratio'? Rename it, drop it, or name it "
            "in ignore=",
            "2 columns are not features of the model: 'note', 'city'; drop them, or name them in ignore= (\"all\": all "
            "columns that are no features)",
            "the frame lacks 2 of the 3 features of the model: 'region', 'contract_text'; name them in missing= to send no "
            'values ("all": all that the frame lacks)',
        ]

    def test_a_frame_without_ids_is_rejected(self, library):
        frame = library({name: values for name, values in VALID.items() if name != "supplier_id"})
        assert messages(frame)[0].startswith("column 'supplier_id': the frame has no column with the ids")

    def test_names_that_do_not_apply_are_rejected(self, library):
        found = messages(library(VALID), missing=["late_ratio"], ignore=["note"])
        assert found[0].endswith("remove it from missing=") and found[1].endswith("remove it from ignore=")

    def test_a_misspelled_name_of_a_missing_feature_is_named_with_the_nearest_one(self, library):
        frame = library({name: values for name, values in VALID.items() if name != "late_ratio"})
        assert messages(frame, missing=["late_rato"])[-1].endswith("did you mean 'late_ratio'?")

    def test_a_text_instead_of_a_list_of_names_is_rejected(self, library):
        with pytest.raises(TypeError, match='missing: expected a list of names or "all"'):
            read(library(VALID), missing="region")

    @pytest.mark.parametrize("value", [float("inf"), float("-inf")])
    def test_infinity_is_rejected_with_its_row(self, library, value):
        [message] = messages(with_column(library, "late_ratio", [0.5, value, value]))
        assert message == (
            "column 'late_ratio', row 1, supplier 'B': is infinite; use NaN or None for a missing value "
            "(1 more row of the column too)"
        )

    def test_the_largest_float32_is_accepted_and_more_is_rejected(self, library):
        largest = float(np.finfo(np.float32).max)
        assert read(with_column(library, "late_ratio", [largest, 0, 0])).numbers[0, 0] == np.float32(largest)
        [message] = messages(with_column(library, "late_ratio", [0.5, 1e39, 1]))
        assert message == "column 'late_ratio', row 1, supplier 'B': 1e+39 is beyond the range of float32, in which features are scored"

    def test_text_numbers_are_rejected_with_their_row(self, library):
        [message] = messages(with_column(library, "late_ratio", [None, "0.45", "1"]))
        assert message.startswith("column 'late_ratio', row 1, supplier 'B': '0.45' is a text, but the feature is a number")

    def test_booleans_are_rejected(self, library):
        [message] = messages(with_column(library, "late_ratio", [True, False, None]))
        assert message.startswith("column 'late_ratio', row 0, supplier 'A': True is a boolean")

    def test_a_categorical_is_no_number(self, library):
        dtype = "category" if library is pd.DataFrame else pl.Categorical
        [message] = messages(with_column(library, "late_ratio", ["1", "2", "3"], dtype=dtype))
        assert message.startswith("column 'late_ratio': is categorical, but the feature is a number")

    def test_dates_are_no_numbers(self, library):
        dates = [datetime.datetime(2026, 11, 29)] * 3
        [message] = messages(with_column(library, "late_ratio", dates))
        assert message.startswith("column 'late_ratio', row 0, supplier 'A':")

    @pytest.mark.parametrize("values", [[1.5, 2.5, None], [True, False, True]])
    def test_a_category_that_is_no_text_is_rejected(self, library, values):
        [message] = messages(with_column(library, "region", values))
        assert message.startswith("column 'region', row 0, supplier 'A':") and "a category" in message

    def test_a_category_is_accepted_up_to_its_limit(self, library):
        ü = "ü" * (MAX_CATEGORY_BYTES // 2)
        assert read(with_column(library, "region", [ü, "a", "b"])).categories["region"][0][0] == ü
        [message] = messages(with_column(library, "region", ["a", ü + "a", "b"]))
        assert f"has {MAX_CATEGORY_BYTES + 1} bytes of UTF-8; at most {MAX_CATEGORY_BYTES} are allowed" in message

    def test_ids_that_are_numbers_are_rejected(self, library):
        [message] = messages(with_column(library, "supplier_id", [1, 2, 3]))
        assert "ids are texts: read the column as text, so that leading zeros are kept" in message

    def test_an_id_that_occurs_twice_is_rejected_with_both_rows(self, library):
        [message] = messages(with_column(library, "supplier_id", ["A", "B", "A"]))
        assert message == "column 'supplier_id', row 2: the id 'A' is in row 0 too; a frame has one row per supplier"

    @pytest.mark.parametrize(
        "id, text",
        [
            (None, "has no id"),
            ("", "has no visible character"),
            (" \u200b\t", "has no visible character"),
            ("A\0", "has a NUL character"),
            ("x" * (MAX_SUPPLIER_ID_BYTES + 1), f"at most {MAX_SUPPLIER_ID_BYTES} are allowed"),
        ],
    )
    def test_an_id_that_is_not_valid_is_rejected_with_its_row(self, library, id, text):
        [message] = messages(with_column(library, "supplier_id", ["A", id, "C"]))
        assert message.startswith("column 'supplier_id', row 1: ") and text in message

    def test_the_longest_id_is_accepted(self, library):
        longest = "x" * MAX_SUPPLIER_ID_BYTES
        assert read(with_column(library, "supplier_id", ["A", longest, "C"])).ids[1] == longest

    def test_every_invalid_column_is_reported(self, library):
        frame = library({**VALID, "late_ratio": [float("inf"), 0, 0], "region": [1, 2, 3], "supplier_id": ["A", "A", "B"]})
        assert len(messages(frame)) == 3


def test_what_is_no_frame_is_rejected():
    for value in [VALID, [1], None, "frame.csv", pd.Series([1])]:
        with pytest.raises(TypeError, match="expected a DataFrame of pandas or polars"):
            read(value)


def test_a_lone_surrogate_is_rejected():
    [message] = messages(with_column(pd.DataFrame, "region", ["a", "b\ud800", "c"], dtype=object))
    assert message.startswith("column 'region', row 1") and "not valid Unicode" in message
