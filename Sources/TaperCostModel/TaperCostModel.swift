// TaperCostModel: see specs/
