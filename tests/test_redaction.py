"""Secrets disappear wherever they hide, and ordinary settings stay."""

import pytest

from seqlab.redaction import REDACTED, is_secret_name, redact, redact_words


@pytest.mark.parametrize(
    "name",
    [
        "api_key", "apikey", "apiKey", "API_KEY", "wandb_api_key", "api-key", "password", "db_password", "passwd",
        "token", "access_token", "hf_token", "authToken", "secret", "client_secret", "dsn", "DSN", "private_key",
        "secret_key", "aws_access_key_id", "credentials", "logger.wandb.api_key",
    ],
)  # fmt: skip
def test_values_of_secret_names_go(name):
    assert is_secret_name(name)
    assert redact({"a": [{name: "s3cr3t"}]}) == {"a": [{name: REDACTED}]}
    assert redact({name: 1234}) == {name: REDACTED}
    assert redact({name: {"user": "me", "x": "s3cr3t"}}) == {name: REDACTED}


@pytest.mark.parametrize(
    "name",
    [
        "tokens", "key", "keyboard", "num_tokens", "max_token_length", "pad_token", "eos_token", "monkey", "keys",
        "tokenizer", "passwords_seen", "secretary", "api_key_file", "seed", "group", "sort_key", "dsn_driver", "",
    ],
)  # fmt: skip
def test_ordinary_names_stay(name):
    assert redact({name: "value"}) == {name: "value"}


@pytest.mark.parametrize("unset", [None, "", True, False, [], {}])
def test_what_is_not_set_is_shown_as_such(unset):
    assert redact({"password": unset}) == {"password": unset}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("postgresql://me:pw@host/db", f"postgresql://me:{REDACTED}@host/db"),
        ("postgresql+psycopg://me:p@s:s@host:5432/db", f"postgresql+psycopg://me:{REDACTED}@host:5432/db"),
        ("redis://:pw@host", f"redis://:{REDACTED}@host"),
        ("postgres://u:a/b@host/db", f"postgres://u:{REDACTED}@host/db"),
        ("mysql://u:12345@host/db", f"mysql://u:{REDACTED}@host/db"),
        ("x://a:b@c,y://d:e@f", f"x://a:{REDACTED}@c,y://d:{REDACTED}@f"),
        ("postgresql://me:two words, p@ss/x@host/db", f"postgresql://me:{REDACTED}@host/db"),
        ("postgresql://me@host/db?sslpassword=pw", f"postgresql://me@host/db?sslpassword={REDACTED}"),
        ("see https://me:pw@host/x now", f"see https://me:{REDACTED}@host/x now"),
        ("host=h password=pw user=u", f"host=h password={REDACTED} user=u"),
        ("host=h password='p w' user=u", f"host=h password={REDACTED} user=u"),
        ("https://h/x?api_key=abc&n=1", f"https://h/x?api_key={REDACTED}&n=1"),
        ("data.password=pw", f"data.password={REDACTED}"),
        ("Authorization: Bearer abcdefgh.ijkl", f"Authorization: Bearer {REDACTED}"),
    ],
)
def test_secrets_within_strings_go(text, clean):
    assert redact(text) == clean
    assert redact({"a": [text, {"b": (text,)}]}) == {"a": [clean, {"b": [clean]}]}


@pytest.mark.parametrize(
    "text",
    [
        "https://host:8080/path@x", "https://host/a:b@c", "ssh://git@host/x", "me@host", "a:b@c", "C:\\data@home",
        "max_tokens=5", "key=value", "model.num_layers=2", "12:30@noon", "http://host:80", "token=null",
    ],
)  # fmt: skip
def test_ordinary_strings_stay(text):
    assert redact(text) == text


def test_twice_is_the_same_as_once():
    config = {"password": "x", "a": ["redis://u:p@h", "password=p", "Authorization: Bearer abcdefgh.ijkl"]}
    assert redact(redact(config)) == redact(config)


def test_numbers_stay_and_the_argument_is_left_alone():
    config = {"lr": 0.1, "n": 3, "flag": True, "none": None, "password": "x", "list": [1, 2.5]}
    copy = dict(config)
    assert redact(config) == {**config, "password": REDACTED}
    assert config == copy


@pytest.mark.parametrize(
    "secret", ["pw", "hunter 2", "hunter,2", "hunter;2", "a=b c", "'a b' c", '"a" b', " x"]
)
@pytest.mark.parametrize("name", ["data.password", "+data.api_key", "++token", "--dsn"])
def test_the_whole_value_of_a_secret_word_goes(name, secret):
    assert redact_words(["train.py", f"{name}={secret}", "seed=1"]) == [
        "train.py", f"{name}={REDACTED}", "seed=1"
    ]  # fmt: skip


def test_ordinary_words_stay_and_secrets_within_them_go():
    for quote in ("", "'", '"'):
        words = [f"storage={quote}postgresql://me:two words@host/db{quote}"]
        assert redact_words(words) == [f"storage={quote}postgresql://me:{REDACTED}@host/db{quote}"]
    assert redact_words(["a=http://host:8080/x y@z"]) == ["a=http://host:8080/x y@z"]
    words = ["a b", "name=a b, c", "data.password=null", "data.password=", "~data.password", "x=a=b", "-m"]
    assert redact_words(words) == words
    assert redact_words(["data.url=redis://u:pw@host"]) == [f"data.url=redis://u:{REDACTED}@host"]
