// Tests of TaperPlanFormat.
