"""What is drawn without a page: the loop on onnxruntime, runs of it, and recordings of them."""
