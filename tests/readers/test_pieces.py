"""Tables in pieces: the same sequences as when read whole, and the same refusals."""

from collections import Counter
from dataclasses import asdict

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from seqlab.errors import UserError
from seqlab.readers import pieces, rows
from seqlab.readers.pieces import in_pieces
from seqlab.readers.reading import Reading, Settled
from seqlab.readers.roles import in_sentences
from seqlab.readers.seen import Seen
from seqlab.readers.understanding import understand


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    monkeypatch.setattr(pieces, "_STEPS", 40)
    monkeypatch.setattr(rows, "_CELLS", 64)
    monkeypatch.setattr(rows, "_BLOCK", 512)


def table(sequences=60, seed=0):
    rng = np.random.default_rng(seed)
    found = [
        (f"{i:03d}", t, *rng.normal(size=2).round(3), "a|b" if i % 2 else 'say "x", y')
        for i in range(sequences)
        for t in range(1 + i % 7)
    ]
    return pd.DataFrame(found, columns=["id", "time", "speed", "load", "label"])


def write(table, path):
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    elif path.suffix == ".arrow":
        whole = pa.Table.from_pandas(table, preserve_index=False)
        with pa.ipc.new_file(path, whole.schema) as writer:
            writer.write_table(whole, max_chunksize=30)
    else:
        table.to_csv(path, index=False)
    return path


def settled(table, tmp_path, **asked):
    reading = understand(write(table, tmp_path / "train.csv"), Reading(**asked)).reading
    return Settled(**asdict(reading.for_another_file()))


def assert_read_alike(path, reading):
    """Both ways to read a file come to the same; returns how many pieces it took."""
    whole = understand(path, reading, labelled=False)
    found = list(in_pieces(path, reading))
    parts = [piece.sequences for piece in found]
    assert [i for part in parts for i in part.ids] == list(whole.sequences.ids)
    np.testing.assert_array_equal(
        np.concatenate([part.ragged.flat for part in parts]), whole.sequences.ragged.flat
    )
    lengths = [part.lengths() for part in parts]
    np.testing.assert_array_equal(np.concatenate(lengths), whole.sequences.lengths())
    if whole.sequences.labels is not None:
        assert [label for part in parts for label in part.labels or ()] == list(whole.sequences.labels)
    counted = sum((piece.counted for piece in found), Counter())
    assert [*found[0].changes, *in_sentences(counted)] == list(whole.changes)
    shares = [piece.share for piece in found]
    assert shares == sorted(shares) and shares[-1] == 1
    return len(found)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow"])
def test_the_same_as_read_whole(tmp_path, suffix):
    assert assert_read_alike(write(table(), tmp_path / f"a{suffix}"), settled(table(), tmp_path)) > 2


def test_times_out_of_order_missing_values_dates_and_columns_that_are_new(tmp_path):
    train = table()
    train["time"] = pd.to_datetime("2026-01-01") + pd.to_timedelta(train["time"], unit="h")
    reading = settled(train, tmp_path)
    new = train.iloc[:, ::-1].drop(columns="label")
    new = new.sort_values(["id", "time"], ascending=[True, False], kind="stable")
    new.loc[new.index[::9], "speed"] = np.nan
    new["step"], new["word"] = 1.5, "x"  # would be a time by its name, if nothing were settled
    assert assert_read_alike(write(new, tmp_path / "a.csv"), reading) > 2
    assert assert_read_alike(write(new, tmp_path / "a.parquet"), reading) > 2


def test_one_long_sequence_among_short_ones(tmp_path):
    long = pd.DataFrame({"id": "long", "time": range(500), "speed": 1.0, "load": 2.0, "label": "a|b"})
    both = pd.concat([table(20), long, table(20).assign(id=lambda t: "later " + t["id"])])
    assert assert_read_alike(write(both, tmp_path / "a.csv"), settled(both, tmp_path)) >= 3


def test_spellings_of_true_and_of_nothing(tmp_path):
    train = table().assign(load=lambda t: t["time"] % 2 == 0)
    new = train.astype({"load": str, "speed": str})
    new.loc[5, "speed"] = "NA"
    new.loc[6, "speed"] = " 1e3"
    assert_read_alike(write(new, tmp_path / "a.csv"), settled(train, tmp_path))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("named", [True, False])
def test_the_wide_form(tmp_path, suffix, named):
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(90, 6)).round(3), columns=[f"t{k}" for k in range(6)])
    wide["class"] = ["a", "b"] * 45
    wide.loc[::4, "t5"] = np.nan
    if named:
        wide.insert(0, "id", [f"s{k}" for k in range(90)])
    reading = settled(wide, tmp_path)
    wide["t6"] = 1.0  # no step of training
    assert assert_read_alike(write(wide, tmp_path / f"a{suffix}"), reading) > 2
    assert next(in_pieces(tmp_path / f"a{suffix}", reading)).changes == ["columns that are not used: t6"]


def test_utf16_tabs_and_windows_line_ends(tmp_path):
    text = table().to_csv(index=False, sep="\t", lineterminator="\r\n")
    (tmp_path / "a.csv").write_bytes(text.encode("utf-16"))
    assert_read_alike(tmp_path / "a.csv", settled(table(), tmp_path))


def test_whole_floats_are_the_same_id_in_every_piece(tmp_path):
    numbers = table().assign(id=lambda t: t["id"].astype(float))
    reading = settled(numbers, tmp_path)
    new = numbers.assign(id=numbers["id"].where(numbers["id"] < 50, numbers["id"] + 0.5))
    ids = [i for piece in in_pieces(write(new, tmp_path / "a.parquet"), reading) for i in piece.sequences.ids]
    assert ids[0] == "0" and ids[49] == "49" and ids[50] == "50.5"


# what a person did to the table -> what is said
SPOILED = {
    "comes back": (
        lambda t: pd.concat([t, t.iloc[3:5].assign(time=9)]),
        r"row 235, column 'id': '002' comes back, after rows of other sequences\n.*sort it by 'id'",
    ),
    "comes back at once": (
        lambda t: pd.concat([t.iloc[:3], t.iloc[:1].assign(time=9), t.iloc[3:]]),
        r"row 4, column 'id': '000' comes back",
    ),
    "no id": (lambda t: t.assign(id=t["id"].where(t.index != 200)), r"row 201, column 'id': no id"),
    "a word": (
        lambda t: t.assign(load=t["load"].astype(str).where(t.index != 200, "much")),
        r"row 201 \(id '051'\), column 'load': 'much'",
    ),
    "infinite": (lambda t: t.assign(load=t["load"].where(t.index != 200, np.inf)), "row 201.*inf"),
    "the same time": (lambda t: t.assign(time=t["time"].where(t.index != 201, 1)), "row 202.*as row 201"),
    "two labels": (lambda t: t.assign(label=t["label"].where(t.index != 201, "c")), "row 202.*'c'"),
    "no column": (lambda t: t.drop(columns="load"), "there is no column 'load'"),
    "nothing": (lambda t: t.iloc[:0], "no rows"),
    "dates after numbers": (
        lambda t: t.assign(time=t["time"].map(str).where(t["id"] < "055", "2026-01-0" + (t["time"] + 1).map(str))),
        "times that are dates, after numbers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILED)
def test_what_does_not_fit_is_named_by_its_row_in_the_file(tmp_path, what):
    spoil, said = SPOILED[what]
    reading = settled(table(), tmp_path)
    with pytest.raises(UserError, match=said):
        list(in_pieces(write(spoil(table()), tmp_path / "a.csv"), reading))


def test_rows_of_another_length_and_another_encoding(tmp_path):
    reading = settled(table(), tmp_path)
    lines = table().to_csv(index=False).splitlines()
    lines[200] += ",7"
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(UserError, match="row 200: 6 cells, where the others have 5"):
        list(in_pieces(tmp_path / "a.csv", reading))
    (tmp_path / "b.csv").write_bytes(table().replace("a|b", "é").to_csv(index=False).encode("latin-1"))
    with pytest.raises(UserError, match="not UTF-8"):
        list(in_pieces(tmp_path / "b.csv", reading))


def test_a_torn_parquet_file(tmp_path):
    reading = settled(table(), tmp_path)
    path = write(table(), tmp_path / "a.parquet")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="a whole Parquet"):
        list(in_pieces(path, reading))


def test_ids_of_rows_are_unique_in_the_wide_form(tmp_path):
    wide = pd.DataFrame({"id": [f"s{k}" for k in range(50)], "t0": 1.0, "t1": 2.0, "class": ["a", "b"] * 25})
    reading = settled(wide, tmp_path)
    again = write(pd.concat([wide, wide.iloc[:1]]), tmp_path / "a.csv")
    with pytest.raises(UserError, match=r"row 51, column 'id': 's0', as before"):
        list(in_pieces(again, reading))


def test_seen_against_a_set():
    rng, seen, known = np.random.default_rng(0), Seen(), set[str]()
    for size in (5, 0, 1, 1, 40, 3, 200):
        names = [f"n{k}" for k in rng.integers(0, 400, size)]
        expected = []
        for number, name in enumerate(names):
            if name in known:
                expected.append(number)
            known.add(name)
        assert seen.before(names).tolist() == expected
