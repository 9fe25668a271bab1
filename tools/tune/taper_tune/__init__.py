"""Fine-tunes encoders for Taper: dense, LAT's elimination, TR-BERT's selectors, DACT-BERT's halting, depth cuts.

specs/tuned-checkpoints.md describes the directories written; each method is described in its module.
"""
__version__ = "1.0.0"
