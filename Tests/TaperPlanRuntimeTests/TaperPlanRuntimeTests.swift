// Tests of TaperPlanRuntime.
