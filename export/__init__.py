"""From a checkpoint to a folder that the page runs: export, native drawing, and the command line."""
