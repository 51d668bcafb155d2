"""Sentences that remember their template: English as text, whole after the pipe, the database and the recipe."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import pytest
from support.samples import a_job

from wan_desktop.domain.errors import DiskProblem, WanError
from wan_desktop.domain.events import Note
from wan_desktop.domain.events_json import from_json, job_to_json, to_json
from wan_desktop.domain.recipe import make_recipe, notes_of
from wan_desktop.domain.sentence import Sentence, both
from wan_desktop.library.rows import job_from_row, job_to_row

CUT = Sentence("The last {count} words were cut: “{cut}”", count=3, cut="a {b} c")
FULL = DiskProblem("There is no room in {folder}.", folder="/clips").sentence
BOTH = both(FULL, CUT)


def whole(sentence):
    """Everything that the window needs, however deep."""
    values = {k: whole(v) if isinstance(v, Sentence) else v for k, v in sentence.values.items()}
    return str(sentence), sentence.template, values


def crossed(sentence):
    return pickle.loads(pickle.dumps(Note("job", sentence))).sentence


def stored(sentence):
    return job_from_row(job_to_row(a_job(notes=(sentence,)))).notes[0]


def in_a_recipe(sentence):
    recipe = make_recipe(a_job(notes=(sentence,)), "clip", 0.0, {})
    return notes_of(json.loads(json.dumps(recipe)))[0]


@pytest.mark.parametrize("way", [crossed, stored, in_a_recipe])
@pytest.mark.parametrize("sentence", [CUT, BOTH, Sentence("All frames are black.")], ids=str)
def test_it_arrives_whole(way, sentence):
    assert whole(way(sentence)) == whole(sentence)


def test_to_everybody_else_it_is_the_english_sentence():
    assert BOTH == "There is no room in /clips. The last 3 words were cut: “a {b} c”"
    assert json.loads(json.dumps(job_to_json(a_job(notes=(BOTH,)))))["notes"] == [BOTH]
    assert from_json(json.loads(json.dumps(to_json(Note("job", BOTH))))) == Note("job", BOTH)


@pytest.mark.parametrize("old", ["The last 40 words were cut.", "{no} place to fill"])
def test_what_an_older_program_stored_is_shown_as_it_is(old):
    row = list(job_to_row(a_job()))
    row[8] = json.dumps([old])
    assert job_from_row(row).notes == (old,)
    assert notes_of({"notes": [old]}) == (old,)


def test_a_stored_sentence_that_no_longer_fits_its_values_does_not_cost_the_job():
    row = list(job_to_row(replace(a_job(), notes=(CUT,))))
    row[8] = row[8].replace("{count}", "{coumt}")
    assert job_from_row(row).notes == ("The last {coumt} words were cut: “{cut}”",)


@pytest.mark.parametrize("recipe", [{}, {"notes": None}, {"notes": "text"}, {"notes": 3}])
def test_a_recipe_without_notes_has_none(recipe):
    assert notes_of(recipe) == ()


def test_a_sentence_that_lacks_a_value_is_noticed_where_it_is_made():
    with pytest.raises(KeyError):
        Sentence("{one} of {two}", one=1)


def test_an_error_holds_a_sentence_among_its_values():
    error = WanError("It does not start: {why}", why=CUT)
    again = WanError.from_json(json.loads(json.dumps(error.to_json())))
    assert whole(again.sentence) == whole(error.sentence)
