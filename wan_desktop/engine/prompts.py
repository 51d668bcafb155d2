"""From a prompt's text to token ids, and what of it the model cannot read."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wan_desktop.domain.sentence import QT_TRANSLATE_NOOP, Sentence

if TYPE_CHECKING:
    from pathlib import Path


def normalise(text: str) -> str:
    """The text as the official code hands it to the tokenizer.

    Broken encodings mended, curly quotes and full-width signs made plain, HTML entities resolved, white space
    collapsed. Source: Wan2.2 `wan/modules/tokenizers.py` (clean="whitespace"), diffusers `prompt_clean`.
    """
    import ftfy

    text = ftfy.fix_text(text)
    return re.sub(r"\s+", " ", html.unescape(html.unescape(text.strip()))).strip()


@dataclass(frozen=True, slots=True)
class Tokens:
    """A prompt's token ids, end marker included; `cut` is the end of the text that did not fit, or ""."""

    ids: tuple[int, ...]
    cut: str


class PromptTokenizer:
    """A `tokenizer.json`, read without the rest of transformers (which takes seconds to import)."""

    def __init__(self, file: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def __call__(self, prompt: str, max_length: int = 512) -> Tokens:
        """The tokens of `prompt`, at most `max_length` with the end marker."""
        text = normalise(prompt)
        encoding = self._tokenizer.encode(text)
        if len(encoding.ids) <= max_length:
            return Tokens(tuple(encoding.ids), "")
        tail = encoding.ids[-1:] if encoding.special_tokens_mask[-1] else []
        kept = max_length - len(tail)
        cut = text[encoding.offsets[kept - 1][1] :].strip()
        return Tokens((*encoding.ids[:kept], *tail), cut)


class SpiecePromptTokenizer:
    """A sentencepiece model (`spiece.model`, or the tensor of that name in ComfyUI's text encoder files).

    Gives the ids that the official tokenizer gives, which was made of the same model: pieces, then the end marker.
    """

    def __init__(self, model: bytes) -> None:
        from sentencepiece import SentencePieceProcessor

        if not model:
            raise ValueError("there is no sentencepiece model in it")
        self._processor = SentencePieceProcessor(model_proto=model)

    def __call__(self, prompt: str, max_length: int = 512) -> Tokens:
        """The tokens of `prompt`, at most `max_length` with the end marker."""
        text = normalise(prompt)
        found = self._processor.encode(text, return_type="offset_mapping")
        ids = tuple(found["ids"])
        end = self._processor.eos_id()
        if len(ids) < max_length:
            return Tokens((*ids, end), "")
        kept = max_length - 1
        return Tokens((*ids[:kept], end), text[found["offsets"][kept - 1][1] :].strip())


def cut_note(what: str, cut: str, max_length: int) -> Sentence:
    """The sentence that says which words of the prompt (`what`: "prompt" or "negative prompt") are not read."""
    words = cut.split()
    shown = cut if len(cut) <= 200 else f"{cut[:100].rstrip()} … {cut[-60:].lstrip()}"
    if len(words) > 1:
        template = QT_TRANSLATE_NOOP(
            "notes",
            "The {field_name} is longer than the {most} tokens this model reads; its last {count} words were cut: "
            "“{cut}”",
        )
    else:
        template = QT_TRANSLATE_NOOP(
            "notes",
            "The {field_name} is longer than the {most} tokens this model reads; its last part was cut: “{cut}”",
        )
    return Sentence(template, field_name=what, most=max_length, count=len(words), cut=shown)
