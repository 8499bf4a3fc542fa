"""The miniature: a whole Stable Diffusion, small enough to be trained on one machine and to run in a page."""
