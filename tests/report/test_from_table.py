"""Anybody's table: what is read, what is guessed and said, and what is refused with its row."""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seqlab.errors import UserError
from seqlab.report.evidence import Evidence
from seqlab.report.from_table import evidence_of_table
from seqlab.report.judging import judge
from seqlab.report.options import Options

RNG = np.random.default_rng(11)


@pytest.fixture
def read(tmp_path: Path):
    """Reads a table that is given as text."""

    def read(text: str | bytes, name: str = "results.csv", **options) -> Evidence:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return evidence_of_table(path, Options(**options))

    return read


@pytest.fixture
def refused(read):
    """The message with which a table is refused, which has three lines at most."""

    def refused(text: str | bytes, name: str = "results.csv", **options) -> str:
        with pytest.raises(UserError) as caught:
            read(text, name, **options)
        message = str(caught.value)
        assert len(message.splitlines()) <= 3
        return message

    return refused


def long(scores: dict[str, list[float]], head: str = "model,seed,accuracy") -> str:
    rows = [f"{arm},{seed},{score}" for arm, values in scores.items() for seed, score in enumerate(values)]
    return "\n".join([head, *rows]) + "\n"


TWO = {"lstm": [0.9, 0.91, 0.93, 0.92, 0.9], "gru": [0.8, 0.81, 0.82, 0.83, 0.81]}


def test_one_row_a_run(read):
    made = read(long(TWO))
    (results,) = made.results
    assert results.pairs == ["0", "1", "2", "3", "4"] and results.pairs_are == "seeds"
    assert {arm: list(scores) for arm, scores in results.scores.items()} == TWO
    assert made.rules.metric == "accuracy" and made.rules.higher_is_better and made.rules.margin == 0.01
    assert [(c.arm, c.than, c.primary) for c in made.contrasts] == [("lstm", "gru", False)]
    (guesses,) = [note for note in made.notes if note.startswith("Guessed")]
    for words in (
        "the arm is 'model' (--arm)",
        "paired by 'seed' (--pair)",
        "the score is 'accuracy' (--score)",
    ):
        assert words in guesses
    assert made.title == "results" and "10 rows" in made.source


def test_what_was_said_is_not_guessed(read):
    head = "gpu,idx,goodness,accuracy,model"
    text = head + "\n" + "\n".join(f"{g},{n},{n + (g == 'b')},0,x" for g in "ab" for n in range(3))
    made = read(text, arm="gpu", pair=["idx"], score="goodness")
    assert [arm.name for arm in made.arms] == ["a", "b"]
    assert not any("Guessed" in note for note in made.notes)
    assert any("No margin was given" in note for note in made.notes) and made.rules.margin == 0.0


def test_order_of_rows_does_not_matter(read):
    lines = long(TWO).splitlines()
    shuffled = [lines[0], *RNG.permutation(lines[1:])]
    a, b = read(long(TWO)), read("\n".join(shuffled))
    by_pair = [dict(zip(r.pairs, r.scores["lstm"], strict=True)) for r in (a.results[0], b.results[0])]
    assert by_pair[0] == by_pair[1]
    assert judge(a).exploratory[0].difference == judge(b).exploratory[0].difference


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("r.tsv", lambda text: text.replace(",", "\t")),
        ("r.txt", lambda text: text.replace(",", "|")),
        ("r.csv", lambda text: text.replace(",", ";").replace(".", ",")),
        ("r.csv", lambda text: "\ufeff" + text.replace("\n", "\r\n")),
        ("r.csv", lambda text: "# made by a tool\n\n" + text),
        ("r.csv", lambda text: text.rstrip("\n")),
        ("r.csv", lambda text: text.replace(",", " , ")),
    ],
    ids=[
        "tabs",
        "bars",
        "semicolons and decimal commas",
        "BOM and CRLF",
        "comment",
        "no last newline",
        "blanks",
    ],
)
def test_ways_of_writing_csv(read, name, change):
    made = read(change(long(TWO)), name)
    assert {arm: list(scores) for arm, scores in made.results[0].scores.items()} == TWO


def test_utf_16_and_windows_1252(read):
    text = long({"größer": [0.9, 0.8], "kleiner": [0.7, 0.6]})
    assert [arm.name for arm in read(text.encode("utf-16")).arms] == ["größer", "kleiner"]
    made = read(text.encode("cp1252"))
    assert [arm.name for arm in made.arms] == ["größer", "kleiner"]
    assert any("Windows-1252" in note for note in made.notes)


def test_other_formats(tmp_path):
    rows = [{"model": a, "seed": s, "test": {"accuracy": v}} for a in TWO for s, v in enumerate(TWO[a])]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "a.json").write_text(json.dumps(rows))
    flat = [{"model": r["model"], "seed": float(r["seed"]), "accuracy": r["test"]["accuracy"]} for r in rows]
    table = pa.Table.from_pylist(flat)
    pq.write_table(table.set_column(0, "model", table["model"].dictionary_encode()), tmp_path / "a.parquet")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(long(TWO).encode()))
    for name in ("a.jsonl", "a.json", "a.parquet", "a.csv.gz"):
        made = evidence_of_table(tmp_path / name, Options())
        assert {arm: list(scores) for arm, scores in made.results[0].scores.items()} == TWO, name
        assert made.results[0].pairs[0] == "0"


def test_names_of_arms_are_kept_as_they_are(read):
    arms = ['say "hi"', "<b>bold</b>", "a, b", "δ-网络 🙂", "line\nbreak", "A:B"]
    rows = [f'"{arm.replace(chr(34), chr(34) * 2)}",{n},{n / 10 + 0.1}' for arm in arms for n in range(3)]
    made = read("\n".join(["model,seed,accuracy", *rows]), contrasts=["A:B:a, b"])
    assert [arm.name for arm in made.arms] == arms
    assert (made.contrasts[0].arm, made.contrasts[0].than) == ("A:B", "a, b")


def test_data_sets_are_the_unit(read):
    rows = [
        f"{arm},{data},{seed},{level + 0.02 * (arm == 'a') + 0.001 * seed:.4f}"
        for arm in "ab"
        for data, level in (("x", 0.5), ("y", 0.7), ("z", 0.9))
        for seed in range(4)
    ]
    for pair in ((), ("seed", "problem")):
        made = read("\n".join(["model,problem,seed,accuracy", *rows]), pair=pair)
        assert [r.dataset for r in made.results] == ["x", "y", "z"]
        assert made.results[0].pairs == ["0", "1", "2", "3"]


def test_a_column_for_every_arm(read):
    rows = [f"d{n},{0.8 + n / 100:.2f},{0.7 + n / 50:.2f},120" for n in range(6)]
    made = read("\n".join(["Dataset,ROCKET,1NN-DTW,Length", *rows, "Average,0.8,0.7,120"]))
    assert [arm.name for arm in made.arms] == ["ROCKET", "1NN-DTW"]
    assert len(made.results) == 6
    assert any("a column for every arm: 'ROCKET', '1NN-DTW' (--arms)" in note for note in made.notes)
    assert any("'Average' is no data set" in note for note in made.notes)
    chosen = read(
        "\n".join(["Dataset,ROCKET,1NN-DTW,Length", *rows]), arms=["1NN-DTW", "Length"], score="accuracy"
    )
    assert [arm.name for arm in chosen.arms] == ["1NN-DTW", "Length"] and chosen.rules.metric == "accuracy"


def test_a_row_for_every_arm_and_a_column_for_every_data_set(read):
    text = "Model,MNLI,QQP,SST-2,Avg.\nBERT,84.6,71.2,93.5,83.1\nGPT,82.1,70.3,91.3,81.2\n"
    made = read(text, score="accuracy")
    assert [r.dataset for r in made.results] == ["MNLI", "QQP", "SST-2"]
    assert [arm.name for arm in made.arms] == ["BERT", "GPT"]
    assert made.results[1].scores["GPT"][0] == pytest.approx(0.703)
    assert any("a column for every data set: 'MNLI', 'QQP', 'SST-2'" in note for note in made.notes)
    assert read(text).rules.metric == "score"


def test_an_arm_can_be_several_columns(read, refused):
    rows = [
        f"{cell},{layers},{s},0.{s + layers}"
        for cell in ("lstm", "gru")
        for layers in (1, 2)
        for s in range(3)
    ]
    text = "\n".join(["cell,num_layers,seed,accuracy", *rows])
    made = read(text, arm="cell,num_layers")
    assert [arm.name for arm in made.arms] == ["lstm 1", "lstm 2", "gru 1", "gru 2"]
    assert "did you mean: num_layers" in refused(text, arm="cell,num_layer")
    assert "'num_layers'" in refused(text, arm="cell")


def test_an_export_of_a_tracker_is_no_table_with_a_column_for_every_arm(read, refused):
    text = "Name,State,config.cell,seed,_runtime,test/accuracy\nx,finished,lstm,1,9,0.5\ny,finished,gru,1,9,0.6\n"
    assert "no column names the arm" in refused(text)
    assert read(text, arm="config.cell").rules.metric == "test/accuracy"


def test_seeds_that_no_two_arms_share_do_not_pair(read):
    made = read("model,seed,accuracy\na,1,0.5\na,2,0.6\nb,3,0.7\nb,4,0.8\n")
    assert list(made.results[0].scores["b"]) == [0.7, 0.8] and len(made.results[0].pairs) == 2
    assert any("No two arms have seed in common" in note for note in made.notes)
    asked = read("model,seed,accuracy\na,1,0.5\na,2,0.6\nb,3,0.7\nb,4,0.8\n", pair=["seed"])
    assert judge(asked).exploratory[0].word == "open"


def test_the_number_of_test_items_is_of_use_for_accuracies_alone(read, refused):
    assert read(long(TWO), test_size=100).results[0].test_size == 100
    assert "--test-size" in refused(long(TWO, "model,seed,f1"), test_size=100)


def test_a_column_for_every_arm_and_a_row_for_every_seed(read):
    made = read("seed,a,b\n1,0.8,0.7\n2,0.9,0.6\n3,0.9,0.8\n")
    (results,) = made.results
    assert results.pairs == ["1", "2", "3"] and list(results.scores["b"]) == [0.7, 0.6, 0.8]


def test_percentages_are_noticed(read):
    percent = {arm: [100 * value for value in values] for arm, values in TWO.items()}
    made = read(long(percent))
    assert list(made.results[0].scores["lstm"]) == pytest.approx(TWO["lstm"])
    assert any("are percentages" in note for note in made.notes)
    assert made.rules.margin == 0.01
    assert read(long(percent), margin=2.0).rules.margin == pytest.approx(0.02)
    meant = read(long(percent), margin=0.01)
    assert meant.rules.margin == 0.01 and any("is a share" in note for note in meant.notes)
    signed = long(percent).replace("\n", " %\n").replace("accuracy %", "accuracy")
    assert list(read(signed).results[0].scores["lstm"]) == pytest.approx(TWO["lstm"])
    other = read(long(percent, "model,seed,points scored"))
    assert list(other.results[0].scores["lstm"]) == percent["lstm"]


def test_percentages_beside_shares_are_refused(refused):
    mixed = {"lstm": TWO["lstm"], "gru": [81.0, 82.0, 83.0, 84.0, 85.0]}
    assert "the same for all" in refused(long(mixed))


def test_means_with_deviations_are_read_and_said(read):
    made = read("dataset,a,b\nx,0.91 ± 0.02,0.9±0.1\ny,**0.8** ,0.7+-0.1\nz,NA,0.5\n")
    assert [r.scores["a"][0] for r in made.results][:2] == [0.91, 0.8]
    assert math.isnan(made.results[2].scores["a"][0])
    assert any("±" in note for note in made.notes)


def test_less_is_better_by_its_name_or_by_word(read):
    loss = read(long(TWO, "model,seed,rmse"))
    assert not loss.rules.higher_is_better and any("less 'rmse' is better" in note for note in loss.notes)
    assert [(c.arm, c.than) for c in loss.contrasts] == [("gru", "lstm")]
    assert read(long(TWO, "model,seed,rmse"), higher_is_better=True).rules.higher_is_better
    assert not read(long(TWO), higher_is_better=False).rules.higher_is_better


def test_missing_runs_and_scores_are_said(read):
    text = long(TWO).replace("gru,2,0.82\n", "").replace("gru,3,0.83", "gru,3,nan").replace("0.9\n", "\n", 1)
    made = read(text)
    assert np.isnan(made.results[0].scores["gru"]).sum() == 2
    assert any("lstm" not in note and "gru 3" in note and "different numbers" in note for note in made.notes)
    assert judge(made).exploratory[0].difference.replicates == 2


def test_infinite_scores_are_missing(read):
    made = read(long(TWO).replace("0.93", "inf"))
    assert np.isnan(made.results[0].scores["lstm"]).sum() == 1
    assert any("Infinite" in note for note in made.notes)


def test_a_run_that_stands_twice_is_refused_with_both_rows(refused, read):
    text = long(TWO) + "gru,1,0.99\n"
    message = refused(text)
    assert (
        "model 'gru', seed '1' stands in row 7 and again in row 11" in message
        and "--duplicates mean" in message
    )
    made = read(text, duplicates="mean")
    assert made.results[0].scores["gru"][1] == pytest.approx(0.9)
    assert any("averaged" in note for note in made.notes)


def test_what_tells_duplicates_apart_is_named(refused, read):
    rows = [f"{arm},{seed},{lr},0.{seed + 5}" for arm in "ab" for seed in range(3) for lr in (0.1, 0.01)]
    text = "\n".join(["model,seed,lr,accuracy", *rows])
    assert "the rows differ in 'lr'" in refused(text)
    assert read(text, pair=["seed", "lr"]).results[0].pairs[0] == "seed 0, lr 0.01"
    made = read(text, where=[("lr", "0.1")])
    assert made.results[0].pairs == ["0", "1", "2"] and any(
        "Only rows where lr is 0.1" in n for n in made.notes
    )


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("", {}, "nothing in it"),
        ("\n\n", {}, "nothing in it"),
        ("model,seed,accuracy\n", {}, "no rows"),
        ("model\na\n", {}, "one column alone"),
        ("1,2,3\n4,5,6\n", {}, "first line holds numbers"),
        ("a,a,b\n1,2,3\n", {}, "two columns are named 'a'"),
        ("model,seed,accuracy\na,1\n", {}, "a row has 2 fields, but there are 3 columns"),
        ("model,seed,accuracy\na,1,0.5\nb,1,good\n", {}, "row 2 of column 'accuracy' is no number: 'good'"),
        ("model,seed,accuracy\na,1,0.5\n,1,0.5\n", {}, "row 2 has nothing in column 'model'"),
        ("model,seed,accuracy\na,1,0.5\nb,,0.5\n", {}, "row 2 has nothing in column 'seed'"),
        ("model,seed,accuracy\na,1,\nb,1,\n", {"score": "accuracy"}, "there is no score"),
        (long(TWO), {"score": "acuracy"}, "did you mean: accuracy"),
        (long(TWO), {"arm": "modle"}, "did you mean: model"),
        (long(TWO), {"arm": "seed", "score": "seed"}, "was given for --arm"),
        ("when,x,y\n1,2,3\n", {"item": "x"}, "no column names the arm"),
        (long(TWO), {"pair": ["sed"]}, "did you mean: seed"),
        (long(TWO), {"contrasts": ["lstm"]}, "ARM:OTHER"),
        (long(TWO), {"contrasts": ["lstm:grü"]}, "did you mean: gru"),
        (long(TWO), {"contrasts": ["lstm:lstm"]}, "the same arm twice"),
        (long(TWO), {"contrasts": ["lstm:gru", "lstm:gru"]}, "names a pair twice"),
        (long(TWO), {"where": [("lr", "1")]}, "no column 'lr'"),
        (long(TWO), {"where": [("seed", "9")]}, "allowed: 0, 1, 2"),
        ("model,seed,accuracy,f1\na,1,0.5,0.4\n", {}, "could be 'accuracy', 'f1'"),
        ("model,classifier,name\na,b,c\n", {}, "--score with one of"),
        ("who,when,what\na,b,c\n", {}, "no column names the arm"),
        (
            "model,seed,accuracy\n" + "a" * 50 + ',1,"' + "x" * 99 + '"\n',
            {"score": "accuracy"},
            "is no number",
        ),
    ],
)
def test_refusals(refused, text: str, options, words: str):
    assert words in refused(text, **options)


def test_files_that_are_none(tmp_path, refused):
    with pytest.raises(UserError, match="no such file"):
        evidence_of_table(tmp_path / "none.csv", Options())
    assert "spreadsheet" in refused(b"PK", "r.xlsx")
    assert "cannot be read" in refused(b"no parquet", "r.parquet")
    assert "cannot be read" in refused("{broken", "r.jsonl")
    assert "cannot be read" in refused("[1, 2]", "r.json")


def test_runs_without_a_pair_go_in_order(read):
    made = read("model,accuracy\na,0.5\na,0.6\nb,0.7\nb,0.8\n")
    assert made.results[0].pairs == ["1", "2"] and made.results[0].pairs_are == "runs"
    assert list(made.results[0].scores["b"]) == [0.7, 0.8]
    assert any("No column says which runs belong together" in note for note in made.notes)


def test_folds_overlap(read):
    made = read(long(TWO, "model,fold,accuracy"))
    assert made.results[0].pairs_are == "folds" and made.results[0].overlap == pytest.approx(1 / 4)
    assert any("Nadeau" in note for note in made.notes)
    assert read(long(TWO, "model,fold,accuracy"), overlap=0.5).results[0].overlap == 0.5
    assert read(long(TWO, "model,resample,accuracy")).results[0].overlap is None


def test_with_many_arms_each_is_held_against_the_best(read):
    scores = {f"m{n}": [0.5 + n / 100, 0.51 + n / 100] for n in range(8)}
    made = read(long(scores), contrasts=["m0:m1"])
    assert [(c.arm, c.than) for c in made.contrasts if not c.primary] == [
        ("m7", f"m{n}") for n in range(6, -1, -1)
    ]
    assert [(c.arm, c.than) for c in made.contrasts if c.primary] == [("m0", "m1")]
    assert any("held against the best alone" in note for note in made.notes)


def test_an_arm_with_easy_data_sets_alone_is_not_the_best(read):
    rows = [f"{arm},{data},{0.5 + 0.01 * (arm == 'a')}" for arm in "ab" for data in "xyz"] + ["c,x,0.99"]
    made = read("\n".join(["model,dataset,accuracy", *rows]))
    assert made.contrasts[0].arm == "a"
    assert (
        judge(made).answer.startswith("a has the highest accuracy")
        or "a has the highest" in judge(made).answer
    )


def test_costs_are_read_where_they_have_such_names(read):
    text = "model,seed,accuracy,n_params,seconds\na,1,0.5,100,3\na,2,0.6,100,5\nb,1,0.5,200,\nb,2,0.5,200,\n"
    arms = read(text).arms
    assert arms[0].cost == {"parameters": 100.0, "seconds": 4.0} and arms[1].cost == {"parameters": 200.0}


def item_rows(right: dict[str, np.ndarray], head: str) -> str:
    lines = [head]
    for arm, told in right.items():
        for seed, row in enumerate(told):
            for n, ok in enumerate(row):
                truth = "cat" if n % 3 else "dog"
                other = "dog" if truth == "cat" else "cat"
                said = truth if ok else other
                lines.append(
                    f"{arm},{seed},i{n},{int(ok)}"
                    if "correct" in head
                    else f"{arm},{seed},i{n},{truth},{said}"
                )
    return "\n".join(lines) + "\n"


RIGHT = {arm: RNG.random((4, 30)) < level for arm, level in (("a", 0.9), ("b", 0.6))}


@pytest.mark.parametrize("head", ["truth,prediction", "correct"])
def test_groups_make_intervals_longer_in_either_form(read, refused, head):
    """Ten sentences in each of six rooms, where an arm understands all or none."""
    rows = [f"model,seed,item,room,{head}"]
    for arm, heard in (("a", [1, 1, 0, 1, 1, 1]), ("b", [1, 0, 0, 1, 0, 1])):
        for seed in range(4):
            for item in range(60):
                told = f"x,{'x' if heard[item // 10] else 'y'}" if "," in head else int(heard[item // 10])
                rows.append(f"{arm},{seed},{item},s{item // 10},{told}")
    text = "\n".join(rows) + "\n"
    alone, grouped = (
        judge(read(text, pair=("seed",), **options)).exploratory[0] for options in ({}, {"group": "room"})
    )
    assert "60 test items in 6 groups" in grouped.sentence
    widths = [found.difference.high - found.difference.low for found in (alone, grouped)]
    assert widths[1] > 1.5 * widths[0]
    two = text.replace("a,2,7,s0,", "a,2,7,s5,")
    assert "another room" in refused(two, pair=("seed",), group="room")
    none = text.replace("a,2,7,s0,", "a,2,7,,")
    assert "nothing in column 'room'" in refused(none, pair=("seed",), group="room")


@pytest.mark.parametrize("head", ["model,seed,item,truth,prediction", "model,seed,item,correct"])
def test_a_row_for_every_item(read, head):
    made = read(item_rows(RIGHT, head))
    (results,) = made.results
    assert made.rules.metric == "accuracy"
    for arm, told in RIGHT.items():
        assert list(results.scores[arm]) == pytest.approx(told.mean(axis=1))
        if results.items is not None:
            assert ((results.items.predicted[arm] == results.items.truth) == told).all()
        else:
            assert (results.item_scores[arm] == told).all()
    verdict = judge(made).exploratory[0]
    assert verdict.difference.items == 30 and "30 test items" in verdict.sentence


def test_both_forms_of_items_say_the_same(read):
    one = judge(read(item_rows(RIGHT, "model,seed,item,truth,prediction"))).exploratory[0]
    other = judge(read(item_rows(RIGHT, "model,seed,item,correct"))).exploratory[0]
    assert one.difference == other.difference and one.sentence == other.sentence


def test_items_with_another_metric(read):
    made = read(item_rows(RIGHT, "model,seed,item,truth,prediction"), score="f1_macro")
    assert made.rules.metric == "f1_macro"
    from sklearn.metrics import f1_score

    items = made.results[0].items
    assert items is not None
    expected = [f1_score(items.truth, said, average="macro") for said in items.predicted["a"]]
    assert list(made.results[0].scores["a"]) == pytest.approx(expected)


def test_items_that_are_not_known_of_every_run_are_left_out(read):
    lines = item_rows(RIGHT, "model,seed,item,truth,prediction").splitlines()
    made = read("\n".join(line for line in lines if not line.startswith("a,1,i7,")))
    items = made.results[0].items
    assert items is not None and len(items.ids) == 29 and "i7" not in items.ids
    assert any("1 of 30 test items are not known of every run" in note for note in made.notes)


def test_a_run_that_is_missing_as_a_whole_is_a_missing_pair(read):
    lines = item_rows(RIGHT, "model,seed,item,truth,prediction").splitlines()
    made = read("\n".join(line for line in lines if not line.startswith("a,1,")))
    assert len(made.results[0].items.ids) == 30 and np.isnan(made.results[0].scores["a"][1])
    assert judge(made).exploratory[0].difference.replicates == 3


def test_items_of_folds_are_not_shared(read):
    lines = ["model,fold,item,correct"]
    for fold in range(5):
        lines += [f"{arm},{fold},{fold}-{n},{int(n > 3)}" for arm in "ab" for n in range(10)]
    made = read("\n".join(lines))
    assert made.results[0].item_scores == {} and made.results[0].overlap == pytest.approx(1 / 4)
    assert any("not tested on the same items" in note for note in made.notes)


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (
            "model,seed,item,truth,prediction\na,1,x,cat,cat\na,1,x,cat,dog\n",
            {},
            "stands in row 1 and again in row 2",
        ),
        ("model,seed,item,truth,prediction\na,1,x,cat,cat\nb,1,x,dog,cat\n", {}, "has two truths"),
        ("model,seed,item,truth,prediction\na,1,x,cat,1\nb,1,x,cat,0\n", {}, "no class in common"),
        ("model,seed,item,correct\na,1,x,1\nb,1,x,2\n", {}, "0 and 1"),
        ("model,seed,item,correct\na,1,x,1\nb,1,x,\n", {}, "row 2 has no number"),
        (
            "model,seed,item,truth,prediction\na,1,x,cat,cat\nb,1,x,cat,cat\n",
            {"score": "f1_micro"},
            "did you mean",
        ),
        ("model,seed,accuracy\na,1,0.5\nb,1,0.6\n", {"correct": "accuracy"}, "no column names the test item"),
    ],
)
def test_refusals_of_items(refused, text, options, words):
    assert words in refused(text, **options)


def test_class_numbers_written_in_two_ways_are_the_same(read):
    made = read("model,seed,item,truth,prediction\na,1,x,1,1.0\na,1,y,0,1.0\nb,1,x,1,0.0\nb,1,y,0,0.0\n")
    assert list(made.results[0].scores["a"]) == [0.5]


def test_a_replicates_file_of_seqlab_is_read_as_it_is(tmp_path):
    rows = [
        {
            "kind": kind,
            "arm": arm,
            "tuning": 0,
            "pair": str(1000 + r),
            "item": f"i{n}",
            "truth": "x",
            "predicted": "xy"[n % 2],
        }
        for kind in ("replicate", "shuffled")
        for arm in ("lstm", "gru")
        for r in range(2)
        for n in range(6)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "replicates.parquet")
    made = evidence_of_table(tmp_path / "replicates.parquet", Options(where=[("kind", "replicate")]))
    assert list(made.results[0].scores["lstm"]) == [0.5, 0.5]
    with pytest.raises(UserError, match="the rows differ in 'kind'"):
        evidence_of_table(tmp_path / "replicates.parquet", Options())


def test_a_large_table(read):
    """Thousands of arms and pairs."""
    scores = RNG.normal(0.8, 0.01, (2000, 10)).clip(0, 1)
    made = read(long({f"m{n}": list(row) for n, row in enumerate(scores)}))
    findings = judge(made)
    assert len(findings.exploratory) == 1999 and len(findings.standings) == 2000


PERCENT = {"lstm": [90, 91, 93, 92, 90], "gru": [80, 81, 82, 83, 81]}


@pytest.mark.parametrize(
    "column", ["accuracy (%)", "accuracy [%]", "accuracy_pct", "accuracy percent", "Accuracy %"]
)
@pytest.mark.parametrize(
    ("margin", "points", "words"),
    [
        (None, 0.01, "The margin is 1 point (1 on the scale of"),
        (1.0, 0.01, "The margin 1 is 1 point, since"),
        (2.5, 0.025, "The margin 2.5 is 2.5 points"),
        (0.01, 0.01, "A guess: the margin 0.01 is a share, 1 point; on the scale of"),
    ],
)
def test_a_margin_of_percentages_says_what_was_assumed(read, column, margin, points, words):
    made = read(long(PERCENT, f"model,seed,{column}"), margin=margin)
    assert made.rules.margin == pytest.approx(points) and made.rules.metric.lower() == "accuracy"
    assert made.results[0].scores["lstm"][0] == pytest.approx(0.9)
    assert any(words in note for note in made.notes), made.notes


def test_small_percentages_are_no_shares(read):
    """Error rates of 0.2 to 0.9 % by their name, where the numbers alone look like shares."""
    made = read(long({"a": [0.2, 0.3, 0.4], "b": [0.7, 0.9, 0.8]}, "model,seed,error (%)"))
    assert made.results[0].scores["a"][0] == pytest.approx(0.002) and not made.rules.higher_is_better
    assert "0.5 points of error" in judge(made).exploratory[0].sentence


def test_percent_of_what_is_no_share_stays_as_it_is(read):
    made = read(long({"a": [120, 80, 90], "b": [150, 160, 140]}, "model,seed,MAPE (%)"))
    assert list(made.results[0].scores["a"]) == [120, 80, 90] and made.rules.margin == 0
    growth = read(long({"a": [-3, 4, 5], "b": [7, 8, 9]}, "model,seed,growth (%)"))
    assert list(growth.results[0].scores["a"]) == [-3, 4, 5]


@pytest.mark.parametrize(
    ("scores", "head", "margin", "words"),
    [
        (TWO, "model,seed,accuracy", 1.0, "is meant in points"),
        (TWO, "model,seed,accuracy", 0.5, "The margin 0.5 is 50 points"),
        (PERCENT, "model,seed,score", 0.01, "if that is per cent, 1 point is --margin 1"),
    ],
)
def test_a_margin_that_is_hardly_meant_is_said(read, scores, head, margin, words):
    assert any(words in note for note in read(long(scores, head), margin=margin).notes)


def test_names_that_may_be_one_are_said(read):
    arms = {
        "lstm": [0.9, 0.8],
        "LSTM": [0.7, 0.6],
        "Bi-LSTM": [0.7, 0.6],
        "bi lstm": [0.7, 0.5],
        "gru": [0.7, 0.4],
    }
    notes = [note for note in read(long(arms)).notes if "may be meant as one" in note]
    assert notes == [
        "These arms are kept apart, but may be meant as one: 'lstm' and 'LSTM'; 'Bi-LSTM' and 'bi lstm'."
    ]
    assert not any("meant as one" in note for note in read(long(TWO)).notes)
    sets = "model,dataset,accuracy\n" + "".join(
        f"{a},{d},0.{n}\n" for a in "ab" for n, d in enumerate(("X", "x", "y"), 5)
    )
    assert any(note.startswith("These data sets are kept apart") for note in read(sets).notes)


def test_blanks_around_names_are_left_out_and_said(read):
    text = long(TWO).replace("lstm,3", "lstm ,3").replace("gru,1", "  gru,1")
    made = read(text)
    assert [arm.name for arm in made.arms] == ["lstm", "gru"]
    (note,) = [note for note in made.notes if "Blanks" in note]
    assert "'lstm '" in note and "'  gru'" in note


@pytest.mark.parametrize(
    ("options", "near"),
    [
        ({"contrasts": ["lstn:gru"]}, "lstm"),
        ({"contrasts": ["LSTM:gru"]}, "lstm"),
        ({"where": [("model", "lsmt")]}, "lstm"),
        ({"arms": ["lstm", "Gru1"]}, "gru"),
    ],
)
def test_a_typing_error_finds_the_right_word(refused, options, near):
    wide = "dataset,lstm,gru\n" + "".join(f"d{n},0.{n + 1},0.{n + 2}\n" for n in range(4))
    assert refused(wide if "arms" in options else long(TWO), **options).endswith(f"did you mean: {near}")


def test_scores_whose_spread_cannot_be_computed_are_refused(refused):
    text = long({"a": [1e300, 2e300], "b": [1e300, 3e300]}, "model,seed,loss")
    assert "loss: 1e+300 is too large for its spread" in refused(text)


def test_a_benchmark_in_per_cent_without_a_name_says_how_to_name_it(read):
    rows = "".join(f"set{n},{70 + n},{65 + 2 * n}\n" for n in range(6))
    notes = read("dataset,ROCKET,DTW\n" + rows).notes
    assert any("if they are per cent, --score accuracy says so" in note for note in notes)
    named = read("dataset,ROCKET,DTW\n" + rows, score="accuracy")
    assert named.results[0].scores["ROCKET"][0] == pytest.approx(0.7) and named.rules.margin == 0.01


def test_uneven_numbers_of_runs_that_nothing_pairs_are_all_used(read):
    rows = ["A,0.90", "A,0.92", "A,0.91", "B,0.80", "B,0.82"]
    assert any(
        note.endswith("All of them are used.") for note in read("\n".join(["model,accuracy", *rows])).notes
    )


def test_halves_of_characters_in_json_are_question_marks(read):
    rows = [{"model": m, "seed": s, "accuracy": 0.5 + s / 10} for m in ("half \ud83d", "b") for s in range(3)]
    made = read("\n".join(json.dumps(row) for row in rows), "r.jsonl")
    assert [arm.name for arm in made.arms] == ["half ?", "b"]
