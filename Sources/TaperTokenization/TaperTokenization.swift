// TaperTokenization: see specs/
