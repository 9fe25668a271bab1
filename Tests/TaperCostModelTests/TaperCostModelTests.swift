// Tests of TaperCostModel.
