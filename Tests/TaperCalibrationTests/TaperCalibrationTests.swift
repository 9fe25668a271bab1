// Tests of TaperCalibration.
