// TaperCalibration: see specs/
