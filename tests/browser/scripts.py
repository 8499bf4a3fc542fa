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
