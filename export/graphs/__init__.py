"""What is traced: the graphs in torch, and the ONNX graphs that are made of them."""
