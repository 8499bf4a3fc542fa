/**
 * The least that any page would need: Pyodide started, the sessions made, and the four graphs of a step run in a row
 * by JavaScript alone. A module worker; the benchmarks send it {base, folder, manifest, backend, threads, steps}.
 */
self.onmessage = async ({ data }) => {
  try {
    self.postMessage(await measure(data));
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};

const GRAPHS = ["text_encoder", "unet", "step", "attention", "vae_decoder"];

async function measure({ base, folder, manifest, backend, build, threads, steps, pyodide }) {
  const began = performance.now();
  if (pyodide) {
    const { loadPyodide } = await import(`${base}vendor/pyodide/pyodide.mjs`);
    await loadPyodide({ indexURL: `${base}vendor/pyodide/` });
  }
  const python = performance.now() - began;

  const ort = await import(base + build[0]);
  ort.env.wasm.wasmPaths = { wasm: base + build[1] };
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
  const bytes = async (path) => new Uint8Array(await (await fetch(base + folder + path)).arrayBuffer());
  const inputs = new Set(GRAPHS.flatMap((graph) => Object.keys(manifest.graphs[graph].inputs)));
  const sessions = {};
  for (const graph of GRAPHS) {
    const { file, shards, outputs } = manifest.graphs[graph];
    const place = (name) => (inputs.has(name.replace(/^next_/, "")) ? "gpu-buffer" : "cpu");
    sessions[graph] = await ort.InferenceSession.create(await bytes(file), {
      executionProviders: [backend],
      graphOptimizationLevel: "all",
      extra: { session: { disable_quant_qdq: "1" } },
      externalData: await Promise.all(shards.map(async (path) => ({ path, data: await bytes(path) }))),
      ...(backend === "webgpu" && {
        preferredOutputLocation: Object.fromEntries(Object.keys(outputs).map((name) => [name, place(name)])),
      }),
    });
  }
  const sessionsMade = performance.now() - began;
  return {
    python,
    sessions: sessionsMade - python,
    steps: steps ? await loop(ort, sessions, manifest, steps) : [],
  };
}

/** Milliseconds of each step; the inputs are random, since zeros can run faster than a picture does. */
async function loop(ort, sessions, { graphs }, steps) {
  const random = (graph, name) => {
    const { shape, dtype } = graphs[graph].inputs[name];
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).map(() => Math.random() * 2 - 1);
    return new ort.Tensor(dtype, values, shape);
  };
  const state = {
    latents: random("unet", "latents"),
    text: random("unet", "text"),
    token_gain: random("unet", "token_gain"),
  };
  for (const name of ["latent", "noise", "history", "coefficients"]) state[name] = random("step", name);
  for (const name of ["words", "total", "count"]) state[name] = random("attention", name);
  const pick = (graph, from) =>
    Object.fromEntries(sessions[graph].inputNames.map((name) => [name, from[name]]));

  const times = [];
  for (let step = 0; step < steps; step += 1) {
    const began = performance.now();
    const unet = await sessions.unet.run(pick("unet", { ...state, timestep: random("unet", "timestep") }));
    const stepped = await sessions.step.run(pick("step", { ...state, ...unet }));
    const pooled = await sessions.attention.run(pick("attention", { ...state, ...unet }));
    const { picture } = await sessions.vae_decoder.run({ latent: stepped.x0 });
    await picture.getData();
    Object.assign(state, {
      latent: stepped.next_latent,
      latents: stepped.latents,
      history: stepped.next_history,
    });
    state.total = pooled.next_total;
    times.push(performance.now() - began);
  }
  return times;
}
