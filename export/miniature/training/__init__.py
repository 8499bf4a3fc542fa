"""How the miniature learns: tokenizer, autoencoder, denoiser, and the loop that trains them."""
