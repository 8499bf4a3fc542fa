"""The denoising loop in standard-library Python: what a student can read of Stable Diffusion."""
