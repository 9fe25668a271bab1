// TaperWorkflow: see specs/
