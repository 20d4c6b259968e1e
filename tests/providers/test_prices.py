import json

import pytest

from engine.core.chat import Usage
from engine.prices import BUILT_IN, BadPrices, known_models, prices

OPENAI, ANTHROPIC = "https://api.openai.com/v1", "https://api.anthropic.com"
READ = Usage(input_tokens=1_000_000, output_tokens=100_000, cached_tokens=400_000)


@pytest.mark.parametrize(
    ("url", "model", "usage", "written", "cost"),
    [
        (OPENAI, "gpt-4o-mini", READ, 0, 0.6 * 0.15 + 0.4 * 0.075 + 0.1 * 0.6),
        (f"{OPENAI}/", "gpt-4o-mini-2024-07-18", READ, 0, 0.6 * 0.15 + 0.4 * 0.075 + 0.1 * 0.6),
        (ANTHROPIC, "claude-haiku-4-5-20251001", READ, 100_000, 0.5 + 0.4 * 0.1 + 0.1 * 1.25 + 0.1 * 5),
        (ANTHROPIC, "claude-haiku-5-5", READ, 0, 0.6 * 0.5 + 0.4 * 0.05 + 0.1 * 2.5),
        (ANTHROPIC, "claude-haiku-5-5", Usage(input_tokens=100_000, output_tokens=0), 0, 0.01),
    ],
)
def test_a_model_on_the_list_costs_what_it_says(url, model, usage, written, cost):
    priced, is_known = prices().priced(url, model, usage, cache_written=written)

    assert is_known
    assert priced.cost_usd == pytest.approx(cost)


@pytest.mark.parametrize(
    ("url", "model", "usage"),
    [
        (OPENAI, "gpt-4o-mini-audio", READ),
        (OPENAI, "claude-haiku-4-5", READ),
        ("http://127.0.0.1:11434/v1", "gpt-4o-mini", READ),
        (OPENAI, "gpt-4o-mini", Usage()),
    ],
)
def test_what_is_not_on_the_list_costs_nothing_and_says_that_it_is_not_known(url, model, usage):
    assert prices().priced(url, model, usage) == (usage, False)


def test_an_operator_puts_a_list_of_their_own_in_its_place(tmp_path):
    file = tmp_path / "prices.json"
    own = {"version": "ours", "servers": {"http://gpu:8000/v1": {"llama": {"input": 1, "output": 2}}}}
    file.write_text(json.dumps(own))

    assert prices(str(file)).priced("http://gpu:8000/v1", "llama", READ)[0].cost_usd == pytest.approx(1.2)
    assert not prices(str(file)).priced(OPENAI, "gpt-4o-mini", READ)[1]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": "1", "servers": {"u": {"m": {"input": -1, "output": 0}}}}']
)
def test_a_list_that_is_none_is_refused_with_its_place(text, tmp_path):
    file = tmp_path / "prices.json"
    file.write_text(text)
    with pytest.raises(BadPrices, match=r"prices\.json' \(OPENROOMS_PRICES_FILE\)"):
        prices(str(file))
    with pytest.raises(BadPrices, match="No such file"):
        prices(str(tmp_path / "nothing.json"))


def test_our_own_list_is_dated_and_its_cheaper_prices_are_cheaper():
    assert json.loads(BUILT_IN.read_text())["version"] == prices().version
    for url in (OPENAI, ANTHROPIC):
        for model in known_models(url):
            price = prices().price_of(url, model)
            assert price is not None
            assert price.cached is not None
            assert price.cached < price.input < price.output
    embeds = prices().price_of(OPENAI, "text-embedding-3-small")
    assert embeds is not None
    assert embeds.input > 0
    assert "text-embedding-3-small" not in known_models(OPENAI)
