// Tests of TaperProfiler.
