// TaperPlanRuntime: see specs/
