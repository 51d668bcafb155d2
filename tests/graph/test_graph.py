"""Workflows are read by following links, refused in ComfyUI's shape, and written so that they read back."""

from __future__ import annotations

import dataclasses
import json

import pytest
from support.models import SPEC
from support.workflows import node, template

from wan_desktop.domain.request import Lora
from wan_desktop.domain.samplers import FEW_STEP, SAMPLERS
from wan_desktop.domain.validate import resolve
from wan_desktop.graph import embedded, writing
from wan_desktop.graph.found import Scale, StartImage
from wan_desktop.graph.found import lists as lists_of
from wan_desktop.graph.names import ModelNames
from wan_desktop.graph.node_types import object_info
from wan_desktop.graph.nodes import NODES
from wan_desktop.graph.problems import PromptRefused
from wan_desktop.graph.reading import read

REAL = dataclasses.replace(SPEC, id="/models/Wan2.2-TI2V-5B-Diffusers", demo=False, label="Wan2.2 TI2V-5B")


class Somewhere:
    def __init__(self, *models, demo=False):
        self.names = ModelNames(models or (REAL, SPEC), demo)

    def images(self):
        return ["cat.png"]

    def has_image(self, name):
        return name == "cat.png"


HERE = Somewhere()


def refusal(graph, here=HERE):
    with pytest.raises(PromptRefused) as caught:
        read(graph, here)
    return caught.value


def faults(graph, here=HERE):
    """(node, error type, input) of every fault."""
    return [
        (ident, each["type"], each["extra_info"].get("input_name"))
        for ident, found in refusal(graph, here).node_errors.items()
        for each in found["errors"]
    ]


def test_the_template_is_read() -> None:
    found = read(template(), HERE)
    draft = found.draft
    assert (draft.prompt, draft.negative_prompt, draft.seed) == ("a red ball", "dull", 7)
    assert (draft.width, draft.height, draft.num_frames, draft.fps) == (128, 96, 9, 24)
    assert (draft.num_inference_steps, draft.guidance_scale, draft.flow_shift) == (3, 5.0, 8.0)
    assert (draft.sampler, draft.model) == ("uni_pc", REAL.id)
    assert found.start is None
    assert (found.outputs, found.sampler, found.node_errors) == (["58"], "3", {})
    assert found.graph["3"]["inputs"]["cfg"] == 5.0
    assert isinstance(found.graph["3"]["inputs"]["cfg"], float)
    assert found.order.index("37") < found.order.index("3") < found.order.index("8") < found.order.index("58")


def test_a_written_request_reads_back_as_itself() -> None:
    image = "a" * 64
    here = Somewhere()
    here.has_image = lambda name: name == f"{image}.png"
    request = resolve(read(template(), HERE).draft, REAL)
    request = dataclasses.replace(request, image=image)
    found = read(json.loads(json.dumps(writing.workflow(request))), here)
    assert found.start == StartImage(f"{image}.png")
    assert dataclasses.replace(resolve(found.draft, REAL), image=image) == request


def test_values_may_come_from_primitives_and_links_through_reroutes() -> None:
    graph = template(n3={"steps": ["90", 0], "latent_image": ["92", 0]}, n6={"text": ["91", 0]})
    graph |= {
        "90": node("PrimitiveInt", value="12"),
        "91": node("PrimitiveStringMultiline", value="a star"),
        "92": node("Reroute", anything=["93", 0]),
        "93": node("Reroute", value=["55", 0]),
    }
    draft = read(graph, HERE).draft
    assert (draft.num_inference_steps, draft.prompt, draft.width) == (12, "a star", 128)


@pytest.mark.parametrize(
    ("ident", "name", "other"),
    [
        ("57", "fps", node("PrimitiveString", value="x")),
        ("57", "fps", node("PrimitiveInt", value=24)),
        ("6", "text", node("PrimitiveBoolean", value=True)),
        ("3", "seed", node("PrimitiveFloat", value=2.5)),
        ("3", "model", node("CLIPTextEncode", text="x", clip=["38", 0])),
        ("3", "latent_image", node("PrimitiveInt", value=1)),
        ("8", "vae", node("CLIPLoader", clip_name="umt5.safetensors", type="wan")),
        ("58", "video", node("VAEDecode", samples=["3", 0], vae=["39", 0])),
    ],
)
def test_what_comes_through_reroutes_has_the_type_of_what_is_behind_them(ident, name, other) -> None:
    graph = template()
    graph[ident]["inputs"][name] = ["90", 0]
    graph |= {"90": node("Reroute", x=["91", 0]), "91": node("Reroute", **{"": ["92", 0]}), "92": other}
    assert faults(graph) == [(ident, "return_type_mismatch", name)]


def test_a_circle_of_reroutes_is_told() -> None:
    graph = template(n3={"model": ["90", 0]})
    graph |= {"90": node("Reroute", x=["91", 0]), "91": node("Reroute", x=["90", 0])}
    assert faults(graph) == [("58", "exception_during_validation", None)]


def test_start_images_are_described_with_their_scaling() -> None:
    graph = template(n55={"start_image": ["81", 0]})
    graph["80"] = node("LoadImage", image="cat.png")
    graph["81"] = node(
        "ImageScale", image=["80", 0], upscale_method="area", width=64, height=0, crop="center"
    )
    assert read(graph, HERE).start == StartImage("cat.png", scales=(Scale(64, 0, True, "area"),))
    graph["80"] = node("EmptyImage", width=20, height=10, batch_size=1, color=255)
    assert read(graph, HERE).start == StartImage("", (20, 10), 255, (Scale(64, 0, True, "area"),))


def test_without_a_shift_node_it_is_comfyuis_own() -> None:
    assert read(template(n3={"model": ["37", 0]}), HERE).draft.flow_shift == 8.0
    assert read(template(n48={"shift": 3}), HERE).draft.flow_shift == 3.0


def test_an_advanced_sampler_over_the_whole_range_is_a_sampler() -> None:
    graph = template()
    inputs = graph["3"]["inputs"]
    whole = {
        **{k: v for k, v in inputs.items() if k not in ("seed", "denoise")},
        "noise_seed": 2**64 - 1,
        "add_noise": "enable",
        "start_at_step": 0,
        "end_at_step": 10000,
        "return_with_leftover_noise": "disable",
    }
    graph["3"] = node("KSamplerAdvanced", **whole)
    assert read(graph, HERE).draft.seed == 2**53 - 1
    for name, value in (
        ("add_noise", "disable"),
        ("start_at_step", 1),
        ("end_at_step", 2),
        ("return_with_leftover_noise", "enable"),
    ):
        graph["3"] = node("KSamplerAdvanced", **{**whole, name: value})
        assert faults(graph) == [("3", "custom_validation_failed", name)]


def test_a_length_is_rounded_down_as_the_node_does() -> None:
    assert read(template(n55={"length": 12}), HERE).draft.num_frames == 9


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"n3": {"denoise": 0.5}}, ("3", "custom_validation_failed", "denoise")),
        ({"n55": {"batch_size": 2}}, ("55", "custom_validation_failed", "batch_size")),
        ({"n3": {"sampler_name": "heun"}}, ("3", "value_not_in_list", "sampler_name")),
        ({"n3": {"scheduler": "karras"}}, ("3", "value_not_in_list", "scheduler")),
        ({"n3": {"steps": "many"}}, ("3", "invalid_input_type", "steps")),
        ({"n3": {"steps": 0}}, ("3", "value_smaller_than_min", "steps")),
        ({"n3": {"cfg": 101}}, ("3", "value_bigger_than_max", "cfg")),
        ({"n3": {"cfg": float("nan")}}, ("3", "invalid_input_type", "cfg")),
        ({"n3": {"model": ["38", 0]}}, ("3", "return_type_mismatch", "model")),
        ({"n3": {"model": ["37", 0, 0]}}, ("3", "bad_linked_input", "model")),
        ({"n3": {"model": ["37", 9]}}, ("3", "exception_during_inner_validation", "samples")),
        ({"n58": {"video": ["99", 0]}}, ("58", "exception_during_validation", None)),
        ({"n58": {"format": "webm"}}, ("58", "value_not_in_list", "format")),
        ({"n58": {"filename_prefix": "../../x"}}, ("58", "custom_validation_failed", "filename_prefix")),
        ({"n58": {"filename_prefix": "C:\\x"}}, ("58", "custom_validation_failed", "filename_prefix")),
        ({"n37": {"unet_name": "wan2.1_t2v_14B.safetensors"}}, ("37", "value_not_in_list", "unet_name")),
        ({"n38": {"clip_name": "clip_l.safetensors"}}, ("38", "value_not_in_list", "clip_name")),
        ({"n38": {"type": "sd3"}}, ("38", "value_not_in_list", "type")),
        ({"n39": {"vae_name": "wan_2.1_vae.safetensors"}}, ("39", "value_not_in_list", "vae_name")),
    ],
    ids=str,
)
def test_what_cannot_be_rendered_is_refused_where_it_stands(change, fault) -> None:
    assert faults(template(**change)) == [fault]


@pytest.mark.parametrize(
    ("number", "fault"),
    [(-5, "value_smaller_than_min"), (0, "value_smaller_than_min"), (10**9, "value_bigger_than_max")],
)
def test_a_number_behind_a_primitive_has_the_limits_of_the_input(number, fault) -> None:
    graph = template(n55={"start_image": ["80", 0]}) | {
        "80": node("EmptyImage", width=["81", 0], height=64, batch_size=1, color=0),
        "81": node("PrimitiveInt", value=number),
    }
    assert faults(graph) == [("80", fault, "width")]


def test_pictures_that_no_model_drew_are_refused() -> None:
    graph = {
        "1": node("LoadImage", image="cat.png"),
        "2": node("SaveImage", images=["1", 0], filename_prefix="a"),
    }
    assert faults(graph) == [("2", "custom_validation_failed", "images")]


@pytest.mark.parametrize("name", ["../../etc/passwd", "nope.png", "", "\x00", "cat.png/../cat.png"])
def test_a_start_image_that_is_not_here_is_refused(name) -> None:
    graph = template(n55={"start_image": ["80", 0]}) | {"80": node("LoadImage", image=name)}
    assert faults(graph) == [("80", "custom_validation_failed", "image")]


def test_loras_are_found_by_their_names_alone() -> None:
    graph = template(n48={"model": ["71", 0]}, n6={"clip": ["70", 1]})
    lora = {"lora_name": "style.safetensors", "strength_model": 0.5}
    graph["70"] = node("LoraLoader", model=["37", 0], clip=["38", 0], **lora, strength_clip=1)
    graph["71"] = node("LoraLoaderModelOnly", model=["70", 0], lora_name="gone.safetensors", strength_model=0)
    here = Somewhere()
    here.names = ModelNames((REAL,), loras={"style.safetensors": "/loras/style.safetensors"})
    assert faults(graph, here) == [("71", "value_not_in_list", "lora_name")]
    graph["71"]["inputs"]["lora_name"] = "style.safetensors"
    assert read(graph, here).draft.loras == (Lora("/loras/style.safetensors", 0.5),)


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name not in FEW_STEP])
def test_every_sampler_survives_being_written_and_read(sampler) -> None:
    request = dataclasses.replace(resolve(read(template(), HERE).draft, REAL), sampler=sampler)
    request = dataclasses.replace(request, loras=(Lora("/x/a.safetensors", 0.5), Lora("/x/b.safetensors")))
    here = Somewhere()
    here.names = ModelNames((REAL,), loras={f"{n}.safetensors": f"/x/{n}.safetensors" for n in "ab"})
    draft = read(writing.workflow(request), here).draft
    assert (draft.sampler, draft.loras) == (sampler, request.loras)


@pytest.mark.parametrize("variant", sorted(FEW_STEP))
def test_lcm_is_the_sampler_of_few_step_models(variant) -> None:
    graph = template(n3={"sampler_name": "lcm"})
    assert faults(graph) == [("3", "custom_validation_failed", "sampler_name")]
    here = Somewhere(dataclasses.replace(REAL, variant=variant))
    assert read(graph, here).draft.sampler == variant
    request = dataclasses.replace(resolve(read(template(), HERE).draft, REAL), sampler=variant)
    assert writing.workflow(request)["3"]["inputs"]["sampler_name"] == "lcm"


def test_outputs_of_one_sampler_are_one_clip() -> None:
    graph = template()
    graph["60"] = node("SaveImage", images=["8", 0], filename_prefix="frames/x")
    graph["61"] = node("PreviewImage", images=["8", 0])
    assert read(graph, HERE).outputs == ["58", "60", "61"]


def test_a_second_sampler_is_told_while_the_first_is_rendered() -> None:
    graph = template()
    graph["3b"] = {**graph["3"], "inputs": {**graph["3"]["inputs"], "seed": 8}}
    graph["8b"] = node("VAEDecode", samples=["3b", 0], vae=["39", 0])
    graph["60"] = node("SaveImage", images=["8b", 0], filename_prefix="x")
    found = read(graph, HERE)
    assert found.outputs == ["58"]
    assert found.node_errors["60"]["errors"][0]["type"] == "custom_validation_failed"
    assert found.node_errors["60"]["dependent_outputs"] == ["60"]


def test_inputs_that_a_node_does_not_have_are_left_alone() -> None:
    for more in ([None, None], ["99", 0], ["58", 0], {"a": 1}, [[], []]):
        assert read(template(n37={"more": more}), HERE).outputs == ["58"]


def test_cycles_end() -> None:
    graph = template(n48={"model": ["48", 0]})
    assert ("58", "exception_during_validation", None) in faults(graph)
    graph = template() | {"5": node("Reroute", x=["5", 0])}
    graph["3"]["inputs"]["model"] = ["5", 0]
    assert refusal(graph).error["type"] == "prompt_outputs_failed_validation"


@pytest.mark.parametrize("prompt", [[1, 2], "x", None, 5, {"1": 5}, {"1": {"class_type": ["a"]}}, {}, True])
def test_what_is_no_prompt_is_refused(prompt) -> None:
    assert refusal(prompt).error["type"] in ("invalid_prompt", "prompt_no_outputs")


def test_models_are_found_by_the_names_that_people_write() -> None:
    both = ModelNames((REAL, SPEC), demo=True)
    for name in (
        "wan2.2_ti2v_5B_fp16.safetensors",
        "Wan2.2-TI2V-5B-Q8_0.gguf",
        "Wan2.2-TI2V-5B-Diffusers",
        "sub\\wan2.2_ti2v_5B_fp8.safetensors",
    ):
        assert both.model(name) == REAL.id
    assert both.model("demo") == SPEC.id
    assert both.model("flux.safetensors") is None
    assert ModelNames((SPEC,), demo=False).model("demo") is None
    assert ModelNames((SPEC,), demo=True).model("u") == SPEC.id


def test_names_never_hold_a_models_folder() -> None:
    assert "/" not in json.dumps(lists_of(HERE))


def test_every_node_describes_itself() -> None:
    lists = lists_of(HERE)
    for kind in NODES.values():
        told = json.loads(json.dumps(object_info(kind, lists)))
        assert list(told["input"]["required"]) == told["input_order"]["required"]
        assert len(told["output"]) == len(told["output_is_list"]) == len(told["output_name"])
    assert object_info(NODES["LoadImage"], lists)["input"]["required"]["image"][0] == ["cat.png"]


def test_a_workflow_is_found_in_what_files_carry() -> None:
    graph = template()
    text = json.dumps(graph)
    for tags in (
        {"prompt": text},
        {"PROMPT": text, "title": "x"},
        {"comment": json.dumps({"prompt": text})},
        {"make": f"prompt:{text}"},
        {"": json.dumps({"client_id": "x", "prompt": graph})},
    ):
        assert embedded.find_workflow(tags) == graph
    for tags in (
        {},
        {"prompt": "a cat"},
        {"prompt": "{"},
        {"prompt": '{"a": 1}'},
        {"prompt": '{"prompt":' * 900},
    ):
        assert embedded.find_workflow(tags) is None
