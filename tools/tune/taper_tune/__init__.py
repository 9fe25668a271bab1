"""Fine-tunes encoders for Taper: dense, LAT's elimination, TR-BERT's selectors, DACT-BERT's halting, depth cuts.

What the written directories hold is specs/tuned-checkpoints.md; the methods are told in the modules named after them.
"""
__version__ = "1.0.0"
