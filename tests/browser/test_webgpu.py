"""The same picture on WebGPU, its graphics card imitated in software (SwiftShader): slow, so few steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from playwright.sync_api import Browser, Page, Playwright

from export.weights.quantize import compress
from tests.browser.chromium import ARGUMENTS, SOFTWARE_WEBGPU
from tests.browser.conftest import MODEL, altered_manifest
from tests.browser.native import draw_natively
from tests.browser.scripts import LATENTS, RED_CAR

SETTINGS = RED_CAR | {"steps": 2, "sampler": "dpm++2m", "gains": {"red": 1.5}}
PATIENCE = 300_000  # milliseconds


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS + SOFTWARE_WEBGPU)
    yield browser
    browser.close()


def ready(page: Page) -> dict[str, str]:
    page.set_default_timeout(PATIENCE)
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    return page.evaluate("diffuscope.ready.then(({ backend, adapter }) => ({ backend, adapter }))")


@pytest.mark.long
def test_webgpu_draws_the_picture_that_the_processor_draws(
    browser: Browser, site: Path, site_url: str
) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{site_url}?backend=webgpu")
    facts = ready(page)
    assert facts["backend"] == "webgpu"
    assert "swiftshader" in facts["adapter"].lower()
    assert "software" in facts["adapter"]

    got = page.evaluate(LATENTS, SETTINGS)
    expected = draw_natively(site, **SETTINGS)
    for ours, theirs in zip(got["latents"], expected, strict=True):
        np.testing.assert_allclose(ours, theirs.latent, atol=5e-3)
    difference = np.abs(np.array(got["picture"]) - np.asarray(expected[-1].picture))
    assert difference.max() <= 4

    # The driver dies: said in one sentence, on the page and to whoever asks for a picture.
    browser.new_browser_cdp_session().send("Browser.crashGpuProcess")
    lost = "The graphics card was lost: start the engine again."
    page.get_by_text(lost).wait_for()
    assert page.evaluate("diffuscope.generate().then(() => 'drawn', (error) => error.message)") == lost
    page.context.close()


def test_an_imitated_graphics_card_is_named_and_not_used(browser: Browser, site_url: str) -> None:
    page = browser.new_page()
    page.goto(site_url)
    assert ready(page) == {"backend": "wasm", "adapter": "google swiftshader (in software)"}
    page.close()


def test_webgpu_cannot_be_forced_where_there_is_none(chromium: Browser, site_url: str) -> None:
    page = chromium.new_page()
    page.goto(f"{site_url}?backend=webgpu")
    page.set_default_timeout(PATIENCE)
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    sentence = page.evaluate("diffuscope.ready.then(() => 'ready', (error) => error.message)")
    assert sentence == "This browser offers no WebGPU: leave ?backend=webgpu out."
    page.close()


@pytest.mark.long
def test_a_card_that_cannot_bind_the_models_largest_array_is_passed_over(
    browser: Browser, site: Path, altered_site: Callable[[str, bytes | None], str]
) -> None:
    def enlarge(manifest: dict[str, Any]) -> None:
        manifest["graphs"]["unet"]["largest"] = 10**12

    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(altered_site(f"{MODEL}manifest.json", altered_manifest(site, enlarge)) + "?backend=webgpu")
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    sentence = page.evaluate("diffuscope.ready.then(() => 'ready', (error) => error.message)")
    assert sentence.startswith("The graphics card takes arrays of ")
    assert sentence.endswith(" and this model has one of 1000000 MB: leave ?backend=webgpu out.")
    page.context.close()


# [bytes of a graph, numbers, backend] -> the product, and what the device may bind beside what the adapter offers.
MULTIPLY = """async ([graph, numbers, backend]) => {
  const ort = await import("./vendor/ort/ort.jspi.bundle.min.mjs");
  ort.env.wasm.wasmPaths = { wasm: new URL("./vendor/ort/ort-wasm-simd-threaded.jspi.wasm", location).href };
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(new Uint8Array(graph), { executionProviders: [backend] });
  const { y } = await session.run({ x: new ort.Tensor("float32", new Float32Array(numbers), [1, numbers.length]) });
  const adapter = await navigator.gpu.requestAdapter();
  const limits = backend === "webgpu" ? ort.env.webgpu.device.limits : adapter.limits;
  const bound = ({ maxBufferSize, maxStorageBufferBindingSize }) => [maxBufferSize, maxStorageBufferBindingSize];
  return { y: [...(await y.getData())], limits: bound(limits), offered: bound(adapter.limits) };
}"""


@pytest.mark.parametrize("backend", [pytest.param("wasm", marks=pytest.mark.long), "webgpu"])
def test_weights_of_4_bits_multiply_alike_everywhere(browser: Browser, site_url: str, backend: str) -> None:
    random = np.random.default_rng(0)
    weight = random.normal(size=(256, 64)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "multiply",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 256])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 64])],
        [numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    values = compress([model], {"w": lambda: weight}, "int8+w4")
    for tensor in model.graph.initializer:
        if tensor.name in values:
            tensor.CopyFrom(numpy_helper.from_array(values[tensor.name](), tensor.name))
    assert [node.op_type for node in model.graph.node] == ["MatMulNBits"]
    x = random.normal(size=(1, 256)).astype(np.float32)
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]

    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{site_url}?model=none")
    page.wait_for_function("globalThis.crossOriginIsolated && globalThis.diffuscope")
    got = page.evaluate(MULTIPLY, [list(model.SerializeToString()), x[0].tolist(), backend])
    np.testing.assert_allclose(got["y"], expected[0], rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    # onnxruntime-web asks for all that the card can bind.
    assert got["limits"] == got["offered"]
    page.context.close()
