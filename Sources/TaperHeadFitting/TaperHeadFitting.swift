// TaperHeadFitting: see specs/
