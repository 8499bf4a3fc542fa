"""What one call of a UNet costs on native onnxruntime: ``python -m tests.benchmarks.sd15.unet MODEL.onnx ANSWER.npy``.

Takes our UNets and Optimum's alike: they differ in the names of inputs and in which axes are open.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np
import onnxruntime

DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64}
TIMESTEP = 501


def open_session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    """A session with the page's options."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that wait must not look like threads that work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # As in the page: 8-bit weights are floats stored small, so activations stay floats, and in large graphs they are
    # decompressed in each call, not once and for all.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    options.add_session_config_entry("session.disable_qdq_constant_folding", "1")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def feeds_of(session: onnxruntime.InferenceSession, side: int, width: int) -> dict[str, np.ndarray]:
    """The same noise and text for every UNet, under the names that this one has for them."""
    random = np.random.default_rng(0)
    latents = np.repeat(random.standard_normal((1, 4, side, side)), 2, axis=0)
    text = random.standard_normal((2, 77, width))
    # Ours takes a timestep [1], Optimum's a scalar.
    timestep = {given.name: given.shape for given in session.get_inputs()}["timestep"]
    values = {
        "latents": latents,
        "sample": latents,
        "timestep": np.full([1] * len(timestep), TIMESTEP),
        "text": text,
        "encoder_hidden_states": text,
        "token_gain": np.ones((1, 77)),
    }
    return {given.name: np.asarray(values[given.name], DTYPES[given.type]) for given in session.get_inputs()}


def measure(model: Path, answer: Path, side: int, width: int, steps: int, threads: int) -> dict[str, float]:
    """Seconds and processor seconds of one call, after a first one whose noise prediction goes into ``answer``."""
    began = time.perf_counter()
    session = open_session(model, threads)
    load = time.perf_counter() - began
    feeds = feeds_of(session, side, width)
    output = session.get_outputs()[0].name
    np.save(answer, session.run([output], feeds)[0])
    seconds, processor = time.perf_counter(), _processor_seconds()
    for _ in range(steps):
        session.run(None, feeds)
    return {
        "load": round(load, 2),
        "seconds": round((time.perf_counter() - seconds) / steps, 3),
        "processor": round((_processor_seconds() - processor) / steps, 3),
    }


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("answer", type=Path)
    for name in ("side", "width", "steps", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    print(json.dumps(measure(**vars(parser.parse_args()))))
