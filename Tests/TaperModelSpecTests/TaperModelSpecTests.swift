// Tests of TaperModelSpec.
