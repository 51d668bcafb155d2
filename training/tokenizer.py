"""The demo model's tokenizer: a small unigram vocabulary, whole for the world's words, bytes for everything else.

English words are pieces with the space before them, Chinese words without: their sentences have none.
"""

from __future__ import annotations

import functools
import json
import re
import string
from typing import TYPE_CHECKING

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from training.configs import NEGATIVE_PROMPT, TEXT_LENGTH
from training.words import vocabulary

if TYPE_CHECKING:
    from pathlib import Path

PAD, EOS, UNK = 0, 1, 2
_SPACE = "▁"
_COMMON = (
    "to at on for from by as it its this that are was one two three man woman person people dog cat bird fish car "
    "tree house water sea sky sun moon city street mountain forest flower rain snow night day light dark gold silver "
    "brown grey gray camera slow fast slowly quickly walking running dancing jumping spinning bouncing"
).split()


def _pieces() -> list[tuple[str, float]]:
    """(piece, log probability) of the whole vocabulary, the ids in order; longer pieces are the likelier path."""
    pieces: dict[str, float] = {"<pad>": 0.0, "</s>": 0.0, "<unk>": -20.0}
    for byte in range(256):
        pieces[f"<0x{byte:02X}>"] = -14.0
    words = vocabulary()
    for word in words["en"]:
        pieces[_SPACE + word] = -4.0
    for word in words["zh"]:  # no space parts them: the path with the fewest pieces is the likeliest
        pieces[word] = -4.0
    for word in _COMMON:
        pieces.setdefault(_SPACE + word, -6.0)
    for phrase in re.split("[,，]", NEGATIVE_PROMPT):
        pieces.setdefault(phrase.lower(), -7.0)
    letters = [_SPACE, *string.ascii_lowercase, *string.digits, *string.punctuation, *"。、"]
    for character in [*letters, *sorted(set(NEGATIVE_PROMPT.lower()))]:
        pieces.setdefault(character, -10.0)
    return list(pieces.items())


@functools.cache
def build_tokenizer() -> Tokenizer:
    """The tokenizer: lower-cases, joins white space, ends each text with </s>; pad 0, eos 1, unk 2."""
    tokenizer = Tokenizer(models.Unigram(_pieces(), unk_id=UNK, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"(?<=[,.;:!?])(?=[a-z])"), " "),  # "ball,red" reads like "ball, red"
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement=_SPACE),
            pre_tokenizers.Split(Regex(r"[,.;:!?。、]"), "isolated"),
        ]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.ByteFallback(),
            decoders.Metaspace(replacement=_SPACE),
            decoders.Fuse(),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", EOS)]
    )
    tokenizer.add_special_tokens(["<pad>", "</s>", "<unk>"])
    return tokenizer


def save_tokenizer(folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json, which transformers and tokenizers load without a network."""
    folder.mkdir(parents=True, exist_ok=True)
    build_tokenizer().save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": TEXT_LENGTH,
        "pad_token": "<pad>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "padding_side": "right",
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def encode_padded(texts: list[str], length: int) -> list[list[int]]:
    """Ids of each text, cut and padded with 0 to `length`; </s> is kept as the last id when cut."""
    tokenizer = build_tokenizer()
    rows = []
    for encoding in tokenizer.encode_batch(texts):
        ids = encoding.ids if len(encoding.ids) <= length else [*encoding.ids[: length - 1], EOS]
        rows.append(ids + [PAD] * (length - len(ids)))
    return rows
