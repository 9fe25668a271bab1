// TaperModelSpec: see specs/
