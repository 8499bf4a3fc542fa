"""A checkpoint of Stable Diffusion 1.5's size, through the export and the page, beside Optimum's own export."""
