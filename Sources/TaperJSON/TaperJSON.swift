// TaperJSON: see specs/
