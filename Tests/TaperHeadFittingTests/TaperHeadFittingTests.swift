// Tests of TaperHeadFitting.
