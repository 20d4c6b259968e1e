"""Texts become vectors of unit length by whatever provider embeds; an answer that makes no sense is refused."""

import asyncio
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.catalogue import Catalogue, provider
from engine.core.chat import ChatReply, Usage
from engine.core.embedding import (
    BATCH,
    CHUNK_CHARACTERS,
    BadVectors,
    Embeddings,
    NoEmbedding,
    asked,
    candidate,
    chunks_of,
    embedded,
    indexed,
    packed,
    unpacked,
    values_of,
)
from tests.core.properties.profile import examples

SETTINGS = {"embedding": "local:tiny"}


def local(*, vectors=None, is_configured=True):
    """A catalogue with a model of our own: the length of a text, and one."""
    batches = []

    async def embed(texts, model, settings):
        batches.append((len(texts), model))
        found = vectors if vectors is not None else [(float(len(text)), 1.0) for text in texts]
        return Embeddings(vectors=tuple(map(tuple, found)), usage=Usage(input_tokens=len(texts)))

    @provider("local", title="Local", is_configured=lambda _: is_configured, embed=embed)
    async def chat(request, ctx):
        """Say nothing."""
        return ChatReply()

    catalogue = Catalogue()
    catalogue.add(chat)
    return catalogue, batches


def test_a_provider_of_ones_own_embeds_in_batches_and_its_tokens_are_counted():
    catalogue, batches = local()
    texts = ["x" * (number % 7) for number in range(BATCH + 3)]

    found = asyncio.run(embedded(catalogue, SETTINGS, texts))

    assert (found.model, found.usage.input_tokens) == ("local:tiny/2", BATCH + 3)
    assert batches == [(BATCH, "tiny"), (3, "tiny")]
    assert values_of(unpacked(found.vectors[3])) == pytest.approx([3 / math.sqrt(10), 1 / math.sqrt(10)])


@pytest.mark.parametrize(
    "vectors", [[], [[1.0], [2.0]], [[]], [[math.nan]], [[math.inf]], [[0.0] * 5000]], ids=str
)
def test_an_answer_without_sense_is_refused(vectors):
    with pytest.raises(BadVectors):
        asyncio.run(embedded(local(vectors=vectors)[0], SETTINGS, ["a"]))


def test_what_has_no_direction_is_found_by_words_alone():
    catalogue, _ = local(vectors=[[0.0, 0.0]])

    assert asyncio.run(asked(catalogue, SETTINGS, "a"))[0] == {}
    about, _ = asyncio.run(indexed(catalogue, SETTINGS, "a text"))
    assert about == {"chunks": [[0, 6, None]], "model": "local:tiny/2"}
    assert asyncio.run(indexed(catalogue, {}, "a text"))[0] == {"chunks": [[0, 6, None]]}


@pytest.mark.parametrize(
    ("setting", "is_configured", "why"),
    [
        ("", True, "no embedding model is configured"),
        ("other:x", True, "no provider 'other'"),
        ("local:x", False, "'local' is not set up"),
    ],
)
def test_what_is_missing_is_named(setting, is_configured, why):
    with pytest.raises(NoEmbedding, match=why):
        asyncio.run(embedded(local(is_configured=is_configured)[0], {"embedding": setting}, ["a"]))


def test_what_no_store_has_yet_is_compared_by_its_best_chunk():
    about = {
        "kind": "SEMANTIC",
        "model": "m",
        "chunks": [[0, 4, packed([1, 0])], [5, 10, packed([1, 1])], [9, 9, None]],
    }
    how = {"model": "m", "vector": packed([0, 2])}

    near = candidate("key", "east north", about, how)

    assert (near.value, round(near.likeness, 3)) == ("north", 0.707)
    assert candidate("key", "east north", about, how | {"model": "n"}).likeness is None


@examples(60)
@given(st.text("ab .\n!", min_size=1, max_size=6000))
def test_chunks_cover_the_text_overlap_and_end(text):
    places = chunks_of(text)

    assert places[0][0] == 0
    assert places[-1][1] == len(text)
    assert all(0 < end - begin <= CHUNK_CHARACTERS for begin, end in places)
    assert all(a[0] < b[0] <= a[1] < b[1] for a, b in pairwise(places))
