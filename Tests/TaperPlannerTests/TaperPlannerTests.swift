// Tests of TaperPlanner.
