"""What a model is shown of a conversation: the newest turns within the window, a summary of the rest."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.chat import Message
from engine.core.conversation import SUMMARY, Recalled, Window, recall, tokens_of
from tests.core.properties.profile import examples
from tests.fixtures.contexts import MemoryInHand, a_context

ROLES = ("user", "assistant")


def talked(*contents):
    return [
        {"id": number, "role": ROLES[number % 2], "content": content}
        for number, content in enumerate(contents)
    ]


class Model:
    """Answers with a summary and keeps what it was asked."""

    def __init__(self):
        self.asked = []

    async def __call__(self, messages):
        self.asked.append(messages)
        return f" summary {len(self.asked)} "


def recalled(window, turns, summary="", ask=None):
    ctx = a_context(memory=MemoryInHand(turns=turns, summary=summary))
    return asyncio.run(recall(ctx, window, ask)), ctx


def test_what_fits_is_shown_as_it_is_and_nobody_is_asked():
    model = Model()
    found, ctx = recalled(Window(messages=4), talked("a", "b", "c", "d"), "before", model)

    assert [turn.content for turn in found.turns] == ["a", "b", "c", "d"]
    assert (found.summary, model.asked, ctx.said) == ("before", [], [])
    assert recalled(Window(), [])[0] == Recalled()


@pytest.mark.parametrize(
    "window", [Window(messages=4), Window(tokens=4 * (tokens_of("x" * 40) + 4))], ids=["messages", "tokens"]
)
def test_what_does_not_fit_is_summarised_by_one_question_down_to_half_a_window(window):
    model = Model()
    turns = talked(*(f"{number}" + "x" * 39 for number in range(6)))

    found, ctx = recalled(window, turns, "before", model)

    assert [turn.content[0] for turn in found.turns] == ["4", "5"]
    assert found.summary == "summary 1"
    assert ctx.said == [{"role": SUMMARY, "content": "summary 1", "upto": 3}]
    ((system, question),) = model.asked
    assert (system.role, question.role) == ("system", "user")
    assert "before" in question.content
    assert all(f"{number}xxx" in question.content for number in range(4))
    assert "4xxx" not in question.content


def test_without_a_summary_the_oldest_are_left_out_and_a_user_begins():
    turns = talked("a", "b", "c", "d", "e", "f")

    assert [turn.content for turn in recalled(Window(messages=3), turns)[0].turns] == ["e", "f"]
    silent = Window(messages=3, summarise=False)
    assert [turn.content for turn in recalled(silent, turns, "old", Model())[0].turns] == ["e", "f"]
    assert recalled(Window(messages=0), turns)[0].turns == ()


def test_an_opening_has_one_system_message_the_turns_and_the_prompt():
    turn = Message(role="user", content="hi")

    assert Recalled().opening("", "go") == [Message(role="user", content="go")]
    system, *rest = Recalled(summary="S", turns=(turn,)).opening("Be kind.", "go")
    assert system.content == "Be kind.\n\nSummary of the conversation before:\nS"
    assert rest == [turn, Message(role="user", content="go")]


def test_tokens_are_rather_overestimated():
    assert (tokens_of(""), tokens_of("four"), tokens_of("fives"), tokens_of("日本")) == (0, 1, 2, 2)


@examples(40)
@given(st.lists(st.text(max_size=60), max_size=30), st.integers(0, 12), st.integers(0, 120), st.booleans())
def test_the_window_is_kept_and_every_turn_is_shown_or_summarised(contents, messages, tokens, summarise):
    window = Window(messages=messages, tokens=tokens, summarise=summarise)
    turns = talked(*contents)

    found, ctx = recalled(window, turns, ask=Model())

    assert len(found.turns) <= messages
    assert sum(tokens_of(turn.content) + 4 for turn in found.turns) <= tokens
    shown = [turn["content"] for turn in turns[len(turns) - len(found.turns) :]]
    assert [turn.content for turn in found.turns] == shown
    if ctx.said:
        (said,) = ctx.said
        assert said["upto"] == turns[len(turns) - len(found.turns) - 1]["id"]
    else:
        assert len(found.turns) == len(turns) or not summarise
