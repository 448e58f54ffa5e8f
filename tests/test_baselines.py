"""Majority class and order-free logistic regression."""

import threading

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from seqlab import baselines
from seqlab.baselines import PooledLogistic, majority, pool, pooled_logistic


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQLAB_CACHE", str(tmp_path))
    return tmp_path / "baselines"


def example(classes=3, count=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    arrays = [(rng.normal(size=(rng.integers(1, 9), 2)) + label).astype(np.float32) for label in labels]
    return arrays, labels


def test_majority_gives_the_class_frequencies():
    found = majority(np.array([0, 2, 2, 2]), n=3, classes=4)
    assert found.tolist() == [[0.25, 0.0, 0.75, 0.0]] * 3


def test_pool_by_hand():
    array = np.array([[1.0, -1.0], [3.0, -1.0]], dtype=np.float32)
    assert pool([array]).tolist() == [[2, -1, 1, 0, 1, -1, 3, -1, 2]]


@pytest.mark.parametrize("classes", [2, 3])
def test_equals_scikit_learn(classes):
    arrays, labels = example(classes)
    scaler = StandardScaler().fit(pool(arrays))
    oracle = LogisticRegression(C=1.0, max_iter=1000).fit(scaler.transform(pool(arrays)), labels)
    new, _ = example(classes, seed=1)
    found = PooledLogistic().fit(arrays, labels, classes).predict_proba(new)
    np.testing.assert_allclose(found, oracle.predict_proba(scaler.transform(pool(new))), atol=1e-10)


def test_is_blind_to_order():
    arrays, labels = example()
    fitted = PooledLogistic().fit(arrays, labels, 3)
    backwards = [array[::-1] for array in arrays]
    np.testing.assert_allclose(fitted.predict_proba(arrays), fitted.predict_proba(backwards), atol=1e-6)


def test_absent_classes_get_nothing():
    arrays, labels = example(2)
    found = PooledLogistic().fit(arrays, labels * 2, 4).predict_proba(arrays)
    assert (found[:, [1, 3]] == 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    only = PooledLogistic().fit(arrays, np.zeros_like(labels), 2).predict_proba(arrays)
    assert (only == [1, 0]).all()


def test_cache_is_used_and_equal(cache, monkeypatch):
    arrays, labels = example()
    first = pooled_logistic(arrays, labels, 3, "key").predict_proba(arrays)
    assert len(list(cache.iterdir())) == 1
    monkeypatch.setattr(PooledLogistic, "fit", lambda *_: pytest.fail("fitted again"))
    assert (pooled_logistic(arrays, labels, 3, "key").predict_proba(arrays) == first).all()


def test_another_key_is_fitted_anew(cache):
    arrays, labels = example()
    pooled_logistic(arrays, labels, 3, "key")
    pooled_logistic(arrays, labels, 3, "other")
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("keep", [0, 10, 300, -1])
def test_broken_cache_is_rebuilt(cache, keep):
    arrays, labels = example()
    first = pooled_logistic(arrays, labels, 3, "key").predict_proba(arrays)
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:keep] if keep >= 0 else whole[:200] + b"\xff" * 40 + whole[240:])
    assert (pooled_logistic(arrays, labels, 3, "key").predict_proba(arrays) == first).all()
    assert PooledLogistic.load(file, 2, 3) is not None


def test_a_pickled_cache_is_never_opened(cache):
    arrays, labels = example()
    pooled_logistic(arrays, labels, 3, "key")
    (file,) = cache.iterdir()
    with file.open("wb") as stream:
        np.savez(stream, **{name: np.array([{}], dtype=object) for name in baselines._FIELDS})
    assert PooledLogistic.load(file, 2, 3) is None


def test_unwritable_cache_costs_nothing_but_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SEQLAB_CACHE", str(tmp_path / "file"))
    arrays, labels = example()
    assert pooled_logistic(arrays, labels, 3, "key").predict_proba(arrays).shape == (60, 3)


def test_several_at_once(cache):
    arrays, labels = example()
    errors = []

    def work():
        try:
            for _ in range(5):
                for file in list(cache.glob("[!.]*")) if cache.is_dir() else []:
                    file.unlink(missing_ok=True)
                pooled_logistic(arrays, labels, 3, "key")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
