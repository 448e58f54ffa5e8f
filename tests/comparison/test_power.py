"""What a comparison could find is said beside its margin, and what would find the margin does."""

import re

import pytest

from seqlab.comparison.power import beside_margin, detectable


def seeds_that_are_said(words: str) -> int:
    found = re.search(r"about ([\d,]+) seeds would bring it to the margin", words)
    assert found, words
    return int(found[1].replace(",", ""))


def test_a_margin_that_would_be_found_is_said_so():
    words = beside_margin([40], 100_000, 1, 0.01)
    assert words.endswith("a difference of the margin, 1 point, would be found.") and "With 40 seeds" in words


def test_above_the_margin_the_seeds_that_are_said_do_it():
    words = beside_margin([5], 100_000, 2, 0.01)
    assert "above the margin of 1 point: expect 'not enough evidence' for smaller ones" in words
    needed = seeds_that_are_said(words)
    assert needed > 5
    assert "would be found." in beside_margin([needed], 100_000, 2, 0.01)
    assert "not enough evidence" in beside_margin([int(needed * 0.8)], 100_000, 2, 0.01)


def test_too_few_test_items_are_said_to_be():
    words = beside_margin([10], 150, 1, 0.01)
    found = re.search(r"no number of seeds brings it to the margin.*\(about ([\d,]+) would do it", words)
    assert found, words
    assert "would be found." in beside_margin([10], int(found[1].replace(",", "")), 1, 0.01)


def test_too_few_of_both_are_said_to_be():
    words = beside_margin([10], 370, 4, 0.01)
    found = re.search(r"\(about ([\d,]+) would do it with (\d+) seeds\)", words)
    assert found, words
    assert "would be found." in beside_margin([int(found[2])], int(found[1].replace(",", "")), 4, 0.01)
    assert "many more seeds and test items" in beside_margin([2], 40, 4, 0.0005)


@pytest.mark.parametrize("contrasts", [1, 4])
def test_looks_and_contrasts_have_their_price(contrasts):
    one, again = detectable([20], 370, contrasts), detectable([10, 20], 370, contrasts)
    assert all(b.difference[20] > a.difference[20] for a, b in zip(one, again, strict=True))
    alone = detectable([20], 370, 1)
    assert all(a.difference[20] >= b.difference[20] for a, b in zip(one, alone, strict=True))
    assert len(one) == 9
