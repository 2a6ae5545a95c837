"""The transparency log of commitments: intake, sequencer, tree, checkpoints."""
