// Tests of TaperJSON.
