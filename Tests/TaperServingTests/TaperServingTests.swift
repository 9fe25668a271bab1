// Tests of TaperServing.
