"""What the tests ask of `window.diffuscope`; arrays come back as lists."""

# Settings -> the numbers of each frame, and the last picture.
GENERATE = """async (settings) => {
  const order = [];
  const heard = (frame) => order.push(frame.step);
  const { frames, picture, ms, settings: used } = await diffuscope.generate(settings, heard);
  const numbers = ({ step, steps, timestep, sigma, latent, x0, epsCond, epsUncond, attention, words, maps, meanMaps,
    preview, ms }) => ({
    step, steps, timestep, sigma, words, ms,
    latent: [...latent], x0: [...x0], epsCond: [...epsCond], epsUncond: [...epsUncond],
    maps: [...maps], meanMaps: [...meanMaps],
    attention: Object.fromEntries(Object.entries(attention).map(([side, values]) => [side, [...values]])),
    kinds: [latent, x0, epsCond, epsUncond, ...Object.values(attention)].map((array) => array.constructor.name),
    preview: [preview.constructor.name, preview.width, preview.height],
  });
  return { order, ms, settings: used, frames: frames.map(numbers), picture: [...picture.data] };
}"""

# Settings -> latents of each step and the picture: small enough for every driver.
LATENTS = """async (settings) => {
  const { backend } = await diffuscope.ready;
  const { frames, picture } = await diffuscope.generate(settings);
  return { backend, latents: frames.map(({ latent }) => [...latent]), picture: [...picture.data] };
}"""

# Folder -> the names and sizes of what the device keeps there.
DEVICE_FILES = """async (path) => {
  let folder = await navigator.storage.getDirectory();
  try {
    for (const name of path.split("/").filter(Boolean)) folder = await folder.getDirectoryHandle(name);
  } catch {
    return {};
  }
  const sizes = {};
  for await (const [name, handle] of folder.entries()) sizes[name] = (await handle.getFile()).size;
  return sizes;
}"""

# [folder, name] -> nothing; the file has another first byte then.
SPOIL = """async ([path, name]) => {
  let folder = await navigator.storage.getDirectory();
  for (const part of path.split("/").filter(Boolean)) folder = await folder.getDirectoryHandle(part);
  const writing = await (await folder.getFileHandle(name)).createWritable({ keepExistingData: true });
  await writing.write({ type: "write", position: 0, data: new Uint8Array([0xa5, 0x5a, 0xa5, 0x5a]) });
  await writing.close();
}"""

# [folder, name] -> nothing; a file of that name is there then.
WRITE = """async ([path, name]) => {
  let folder = await navigator.storage.getDirectory();
  for (const part of path.split("/").filter(Boolean)) folder = await folder.getDirectoryHandle(part);
  const writing = await (await folder.getFileHandle(name, { create: true })).createWritable();
  await writing.write("stale");
  await writing.close();
}"""

# {settings, opened, without, spoilt} -> what a worker of its own says of the miniature, and the latents it draws.
ALONE = """async ({ settings, opened, without, spoilt }) => {
  const base = new URL("./", document.baseURI).href;
  const folder = "models/miniature/";
  const { PythonWorker } = await import(`${base}engine/worker.js`);
  const manifest = await (await fetch(`${base}${folder}manifest.json`)).text();
  const files = {};
  for (const path of opened ? Object.keys(JSON.parse(manifest).files) : []) {
    const content = new Uint8Array(await (await fetch(base + folder + path, { cache: "no-store" })).arrayBuffer());
    if (path === spoilt) content[0] ^= 1;
    if (path !== without) files[path] = new File([content], path.split("/").at(-1));
  }
  const latents = [];
  const worker = new PythonWorker(({ kind, item }) => {
    if (kind === "item") latents.push([...item.latent]);
  });
  try {
    const python = await worker.start();
    const options = { base, folder, manifest, backend: null, opened: opened ? files : null };
    const { trouble, ...facts } = await python.start(options);
    if (trouble || !settings) return { trouble, facts };
    const drawn = await python.run("generate", settings, "alone");
    return { trouble: drawn.trouble, facts, latents };
  } finally {
    worker.end();
  }
}"""
