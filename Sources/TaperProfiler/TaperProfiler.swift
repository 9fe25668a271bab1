// TaperProfiler: see specs/
