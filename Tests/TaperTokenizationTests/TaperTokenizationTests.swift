// Tests of TaperTokenization.
