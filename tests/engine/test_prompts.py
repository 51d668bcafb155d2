"""Prompts become the tokens that the official code sees; what does not fit is named."""

import pytest
from support.engine_jobs import DEMO
from transformers import AutoTokenizer

from wan_desktop.engine.prompts import PromptTokenizer, cut_note, normalise


@pytest.fixture(scope="module")
def tokenize():
    return PromptTokenizer(DEMO / "tokenizer" / "tokenizer.json")


@pytest.mark.parametrize(
    "text",
    [
        "a red ball moving right",
        "",
        "  two   words\n",
        "色调艳丽，过曝，静态",
        "emoji 🐈 ünïcode",
        "word " * 700,
    ],
)
def test_same_ids_as_transformers(tokenize, text):
    stock = AutoTokenizer.from_pretrained(DEMO / "tokenizer", local_files_only=True)
    expected = stock(normalise(text), max_length=512, truncation=True, add_special_tokens=True).input_ids
    assert list(tokenize(text).ids) == expected


def test_nothing_is_cut_from_a_short_prompt(tokenize):
    assert tokenize("a red ball").cut == ""


def test_what_is_cut(tokenize):
    text = "ball " * 700 + "and the very last words"
    tokens = tokenize(text)
    assert len(tokens.ids) == 512
    assert tokens.cut.endswith("and the very last words")
    assert normalise(text).endswith(tokens.cut)
    kept = normalise(text).removesuffix(tokens.cut)
    assert tokenize(kept).cut == ""
    assert len(tokenize(kept).ids) == 512


def test_note_names_the_words():
    note = cut_note("prompt", "and a small dog", 512)
    assert "and a small dog" in note
    assert "4 words" in note
    long = cut_note("negative prompt", "start " + "x " * 500 + "finish", 512)
    assert len(long) < 400
    assert "start" in long
    assert "finish" in long
    assert "502 words" in long


def test_entities_and_spaces():
    assert normalise(" a &amp;amp; b\t\nc ") == "a & b c"


@pytest.mark.parametrize(
    "text",
    ["“curly” ‘quotes’", "色调艳丽，过曝", "a &amp;amp; b", " two \n words ", "schÃ¶n", "ｆｕｌｌ width"],
)
def test_text_is_cleaned_as_stock_cleans_it(text):
    from diffusers.pipelines.wan.pipeline_wan import prompt_clean

    assert normalise(text) == prompt_clean(text)
