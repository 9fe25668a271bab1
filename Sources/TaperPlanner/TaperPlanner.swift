// TaperPlanner: see specs/
