"""Tables of a person's own: what pandas wrote is read back, and what does not fit is refused by row and column."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import UserError
from seqlab.readers.reading import Reading
from seqlab.readers.understanding import understand


def long_table(sequences=4, seed=0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (f"r{i:02d}", t, *rng.normal(size=2).round(4), "up" if i % 2 else "down")
        for i in range(sequences)
        for t in range(3 + i)
    ]
    return pd.DataFrame(rows, columns=["run_id", "time", "speed", "load", "label"])


def write(table: pd.DataFrame, path, **options):
    if path.suffix == ".parquet":
        table.to_parquet(path)
    elif path.suffix == ".feather":
        table.to_feather(path, compression="uncompressed")
    else:
        table.to_csv(path, index=False, **options)
    return path


def expect(found, table: pd.DataFrame):
    raw = found.sequences
    groups = list(table.groupby("run_id", sort=False))
    assert list(raw.ids) == [name for name, _ in groups]
    for (_, rows), values, label in zip(groups, raw.values, raw.labels, strict=True):
        rows = rows.sort_values("time")
        np.testing.assert_array_equal(values, rows[["speed", "load"]].to_numpy(np.float32))
        assert set(rows.label) == {label}


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.feather", "no suffix"])
def test_the_long_form_is_read_back_whatever_the_suffix(tmp_path, name):
    found = understand(write(long_table(), tmp_path / name), Reading())
    expect(found, long_table())
    assert list(found.sequences.feature_names) == ["speed", "load"]
    assert found.reading.layout == "long" and found.changes == []
    assert any("run_id" in words for words in found.guesses)


@pytest.mark.parametrize(
    "options",
    [
        {"sep": ";"},
        {"sep": "\t"},
        {"sep": "|"},
        {"encoding": "utf-8-sig"},
        {"encoding": "utf-16"},
        {"lineterminator": "\r\n"},
        {"quoting": 1},
    ],
    ids=str,
)
def test_dialects(tmp_path, options):
    expect(understand(write(long_table(), tmp_path / "a.csv", **options), Reading()), long_table())


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000))
def test_rows_in_any_order_are_put_in_order_and_that_is_said(tmp_path_factory, seed):
    table = long_table()
    shuffled = table.sample(frac=1, random_state=seed)
    found = understand(write(shuffled, tmp_path_factory.mktemp("t") / "a.csv"), Reading())
    by_id = dict(zip(found.sequences.ids, found.sequences.values, strict=True))
    for name, rows in table.groupby("run_id"):
        np.testing.assert_array_equal(by_id[name], rows[["speed", "load"]].to_numpy(np.float32))
    if not shuffled.equals(table):
        assert any("order" in words or "together" in words for words in found.changes) or (
            shuffled.groupby("run_id", sort=False).time.apply(lambda t: t.is_monotonic_increasing).all()
        )


def test_ids_labels_and_groups_stay_as_they_are_written(tmp_path):
    table = long_table()
    table["run_id"] = table.run_id.str.replace("r", "0")
    table["label"] = np.where(table.label == "up", "007", "1.50")
    table["machine"] = "0" + table.run_id
    found = understand(write(table, tmp_path / "a.csv"), Reading()).sequences
    assert list(found.ids) == ["000", "001", "002", "003"]
    assert list(found.labels) == ["1.50", "007", "1.50", "007"]
    assert list(found.groups) == ["0000", "0001", "0002", "0003"]


def test_na_is_a_label_like_any_other(tmp_path):
    table = long_table().assign(label=lambda t: t.label.str.replace("up", "NA"))
    assert (
        list(understand(write(table, tmp_path / "a.csv"), Reading()).sequences.labels) == ["down", "NA"] * 2
    )


def test_a_time_in_a_table_with_one_row_a_sequence_is_asked_about(tmp_path):
    table = long_table().groupby("run_id").first().reset_index()
    with pytest.raises(UserError, match=r"not numbered like steps: time, .*\nexpected: .*data\.layout=long"):
        understand(write(table, tmp_path / "a.csv"), Reading())
    assert (
        understand(write(table, tmp_path / "a.csv"), Reading(layout="long")).sequences.lengths().tolist()
        == [1] * 4
    )


def test_numbers_as_labels_are_the_same_in_csv_and_parquet(tmp_path):
    table = long_table()
    table["label"] = np.where(table.label == "up", 1.0, 0.0)
    csv = understand(write(table.astype({"label": int}), tmp_path / "a.csv"), Reading()).sequences
    parquet = understand(write(table, tmp_path / "a.parquet"), Reading()).sequences
    assert list(csv.labels) == list(parquet.labels) == ["0", "1", "0", "1"]


def test_dates_become_seconds(tmp_path):
    table = long_table()
    dates = pd.Timestamp("2026-11-24 10:00:00") + pd.to_timedelta(table.time * 2.5, unit="s")
    for name in ("a.csv", "a.parquet"):
        found = understand(write(table.assign(time=dates), tmp_path / name), Reading()).sequences
        for times in found.times:
            np.testing.assert_allclose(np.diff(times), 2.5)


def test_empty_cells_are_missing_values(tmp_path):
    table = long_table()
    table.loc[2, "speed"] = np.nan
    values = understand(write(table, tmp_path / "a.csv"), Reading()).sequences.ragged.flat
    assert np.isnan(values[2, 0]) and np.isnan(values).sum() == 1


def test_the_wide_form_with_shorter_rows(tmp_path):
    table = pd.DataFrame({"t0": [1, 2], "t1": [3, 4], "t2": [5.0, np.nan], "class": ["a", "b"]})
    found = understand(write(table, tmp_path / "a.csv"), Reading())
    assert [values[:, 0].tolist() for values in found.sequences.values] == [[1, 3, 5], [2, 4]]
    assert list(found.sequences.labels) == ["a", "b"]
    assert any(
        "1 sequence shorter than others, since rows end in empty cells" in words for words in found.changes
    )


def test_without_a_header(tmp_path):
    (tmp_path / "a.csv").write_text("1,2,3\n4,5,6\n")
    found = understand(tmp_path / "a.csv", Reading(target="c1", layout="wide"))
    assert list(found.sequences.labels) == ["1", "4"]
    assert any("no header" in words for words in found.guesses)


def test_what_the_user_says_goes_first(tmp_path):
    table = long_table().rename(columns={"run_id": "who", "time": "when", "label": "what"})
    path = write(table, tmp_path / "a.csv")
    found = understand(
        path, Reading(id="who", time="when", target="what", features=["load"], ignore=["speed"])
    )
    assert list(found.sequences.feature_names) == ["load"]
    assert any("speed" in words for words in found.changes)


def test_the_next_file_is_read_as_the_first_was_understood(tmp_path):
    reading = understand(write(long_table(), tmp_path / "a.csv"), Reading()).reading
    other = long_table(3, seed=1)[["load", "label", "speed", "time", "run_id"]].assign(extra=1.0)
    found = understand(write(other, tmp_path / "b.csv"), reading)
    assert list(found.sequences.feature_names) == ["speed", "load"]
    assert any("extra" in words for words in found.changes)
    expect(understand(write(long_table(), tmp_path / "b.parquet"), reading.for_another_file()), long_table())
    with pytest.raises(UserError, match="no column 'speed'"):
        understand(write(other.drop(columns="speed"), tmp_path / "c.csv"), reading)
    unlabelled = understand(write(other.drop(columns="label"), tmp_path / "d.csv"), reading, labelled=False)
    assert unlabelled.sequences.labels is None


def changed(column, row, value):
    def change(table):
        table = table.astype({column: object})
        table.loc[row, column] = value
        return table

    return change


MALFORMED = {
    "a word among numbers": (changed("speed", 4, "fast"), r"row 5 \(run_id 'r01'\), column 'speed': 'fast'"),
    "a decimal comma": (changed("speed", 4, "1,5"), r"row 5 .*column 'speed': '1,5'"),
    "infinity": (changed("load", 0, np.inf), r"row 1 .*column 'load': inf"),
    "beyond single precision": (changed("load", 0, 1e300), r"row 1 .*column 'load': 1e\+300"),
    "a label that changes": (changed("label", 1, "up"), r"row 2 \(run_id 'r00'\), column 'label': 'up', where row 1"),
    "no label in a sequence": (
        lambda t: t.assign(label=t.label.where(t.run_id != "r01")),
        r"row 4 .*column 'label': nothing",
    ),
    "no id": (changed("run_id", 3, None), r"row 4, column 'run_id': no id"),
    "no time": (changed("time", 3, None), r"row 4 .*column 'time': no time"),
    "a time twice": (changed("time", 1, 0), r"row 2 .*the same time 0 as row 1"),
    "one date that is none": (
        lambda t: t.assign(time=["2024-13-02" if k == 2 else f"2024-01-02 00:00:{k:02d}" for k in range(len(t))]),
        r"a\.csv, row 3 \(run_id 'r00'\), column 'time': '2024-13-02'",
    ),
    "times in words": (lambda t: t.assign(time="soon"), r"column 'time': 'soon'"),
    "no label column": (lambda t: t.drop(columns="label"), r"no column is called label, target or class"),
    "no feature": (lambda t: t[["run_id", "time", "label"]], r"no column is left for features"),
    "a column of words": (lambda t: t.assign(note="fine"), r"columns that hold no numbers: note"),
    "a column of dates": (lambda t: t.assign(made=pd.Timestamp("2026-01-01")), r"columns that hold no numbers: made"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_tables_are_refused_in_words(tmp_path, kind):
    change, words = MALFORMED[kind]
    path = write(change(long_table()), tmp_path / "a.csv")
    with pytest.raises(UserError, match=words) as refused:
        understand(path, Reading(categorical=[]))
    assert str(path) in str(refused.value) and "expected: " in str(refused.value)


BROKEN = {
    "nothing": (b"", "the file is empty"),
    "blank lines": (b"\n\n\n", "the file is empty"),
    "a header alone": (b"id,t,x,label\n", "a header and no rows"),
    "ragged rows": (
        b"id,x,label\na,1,u\na,2\nb,3,d,9\n",
        r"2 problems\n  row 2: 2 cells.*3\n  row 3: 4 cells",
    ),
    "columns named twice": (b"id,x,x,label\na,1,2,u\n", "stand twice: 'x'"),
    "zero bytes": (b"id,x\0\n1,2\n", "zero bytes"),
    "latin-1": ("id,x,label\na,1,gr\xfcn\na,2,gr\xfcn\n".encode("latin-1"), "not UTF-8"),
    "a truncated parquet": (b"PAR1 and then no more", "a whole Parquet or Arrow file"),
    "a truncated arrow file": (b"ARROW1\0\0 and then no more", "a whole Parquet or Arrow file"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files_are_refused_in_words(tmp_path, kind):
    content, words = BROKEN[kind]
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UserError, match=words) as refused:
        understand(tmp_path / "a.csv", Reading())
    assert str(tmp_path / "a.csv") in str(refused.value)


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        understand(tmp_path / "a.csv", Reading())


def test_twenty_problems_at_once_and_how_many_more(tmp_path):
    table = long_table(12).astype({"speed": object})
    table.loc[::2, "speed"] = "x7"
    table.loc[1::2, "speed"] = 1.0
    with pytest.raises(UserError) as refused:
        understand(write(table, tmp_path / "a.csv"), Reading(features=["speed", "load"]))
    lines = str(refused.value).splitlines()
    count = len(table[::2])
    assert lines[0] == f"{tmp_path / 'a.csv'}: {count} problems"
    assert lines[-2] == f"  ... and {count - 20} more"
    assert len(lines) == 1 + 20 + 1 + 1


@pytest.mark.parametrize("rows", ["a,1\na,2\n", "x,3\n"])
def test_ids_twice_in_wide_form(tmp_path, rows):
    (tmp_path / "a.csv").write_text("id,v,label\nx,1,u\n" + rows.replace("\n", ",u\n").replace(",u,u", ",u"))
    with pytest.raises(UserError, match=r"column 'id': '\w', as in row"):
        understand(tmp_path / "a.csv", Reading(layout="wide", id="id"))


def test_a_near_column_is_suggested(tmp_path):
    with pytest.raises(UserError, match="did you mean: label"):
        understand(write(long_table(), tmp_path / "a.csv"), Reading(target="lable"))


def test_a_wide_table_whose_columns_are_not_all_steps_is_asked_about(tmp_path):
    table = pd.DataFrame({"age": [40, 50], "t0": [1, 2], "t1": [3, 4], "class": ["a", "b"]})
    path = write(table, tmp_path / "a.csv")
    with pytest.raises(UserError, match=r"not numbered like steps: age\n"):
        understand(path, Reading())
    assert understand(path, Reading(ignore=["age"])).sequences.lengths().tolist() == [2, 2]
    assert understand(path, Reading(layout="wide")).sequences.lengths().tolist() == [3, 3]


def test_rows_without_an_id_are_no_sequences_by_themselves(tmp_path):
    path = write(long_table().drop(columns=["run_id", "time"]), tmp_path / "a.csv")
    with pytest.raises(UserError, match="is a row a sequence, or a time step"):
        understand(path, Reading())


def test_the_steps_of_a_wide_table_are_found_by_their_names_in_the_next_one(tmp_path):
    table = pd.DataFrame({"t0": [1.0, 2.0], "t1": [3.0, 4.0], "class": ["a", "b"]})
    reading = understand(write(table, tmp_path / "a.csv"), Reading()).reading.for_another_file()
    other = pd.DataFrame({"t1": [3.0, 4.0], "age": [1000, 1000], "t0": [1.0, 2.0]})
    found = understand(write(other, tmp_path / "b.csv"), reading, labelled=False)
    assert [values[:, 0].tolist() for values in found.sequences.values] == [[1, 3], [2, 4]]
    assert any("not used: age" in words for words in found.changes)


@pytest.mark.parametrize("options", [{"index": True}, {"index": True, "index_label": "index"}])
def test_row_numbers_are_no_feature(tmp_path, options):
    long_table().to_csv(tmp_path / "a.csv", **options)
    found = understand(tmp_path / "a.csv", Reading())
    expect(found, long_table())
    assert any("counts the rows" in words for words in found.changes)


def test_labels_that_are_nearly_the_same_are_pointed_out(tmp_path):
    table = long_table().assign(label=lambda t: np.where(t.run_id == "r01", "Up ", t.label))
    said = understand(write(table, tmp_path / "a.csv"), Reading()).guesses
    assert any("'Up ', 'up'" in words for words in said)


@pytest.mark.parametrize("name", ["a.npz", "a.ts"])
def test_settings_of_columns_are_refused_where_there_are_none(tmp_path, name):
    if name == "a.npz":
        np.savez(tmp_path / name, X=np.zeros((2, 3)), y=np.array(["a", "b"]))
    else:
        (tmp_path / name).write_text("@univariate true\n@classLabel true a b\n@data\n1,2:a\n3,4:b\n")
    assert len(understand(tmp_path / name, Reading()).sequences) == 2
    with pytest.raises(UserError, match="no columns for target='y', group='machine'"):
        understand(tmp_path / name, Reading(target="y", group="machine"))
